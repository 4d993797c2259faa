// What clipanion's options use of its own parser, whose place cli/argv.ts and cli/bind.ts take.
exports.NoLimits = Symbol();
