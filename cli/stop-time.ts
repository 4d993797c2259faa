import { Option } from './command.ts';
import { parsed, parseInteger } from './parse.ts';

/** `--time` of what stops containers: seconds from the stop signal to SIGKILL; -1: no limit, undefined: their own. */
export function stopTime(
  description = "Time before SIGKILL, -1: no limit (default 10, or the container's --stop-timeout) (`seconds`)",
) {
  return Option.String('-t,--time,--timeout', {
    description,
    validator: parsed((text) => parseInteger(text, -1)),
  });
}
