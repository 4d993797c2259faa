import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDockerfile } from '../../../../core/build/dockerfile/parse.ts';
import {
  baseStageOf,
  checkReferences,
  neededStages,
  stageOf,
  targetStage,
} from '../../../../core/build/graph.ts';
import { refusal } from './dockerfile/reading.ts';

const file = parseDockerfile(
  'FROM x AS a\nFROM a AS b\nFROM x AS c\nCOPY --from=A f g\nRUN --mount=from=1,target=/t h\nFROM x AS a\nFROM a',
);
const index = (stage: { index: number } | undefined) => stage?.index;

test('a name means the last stage before that has it, in any case; a number the stage of that number', () => {
  assert.is(index(stageOf(file, 'A', 2)), 0);
  assert.is(index(stageOf(file, 'a', 4)), 3);
  assert.is(index(stageOf(file, '1', 2)), 1);
  assert.is(index(stageOf(file, '2', 2)), undefined);
  assert.is(index(stageOf(file, 'c', 2)), undefined);
  assert.is(index(baseStageOf(file, 'a', 1)), 0);
  assert.is(index(baseStageOf(file, '0', 1)), undefined);
});

test('the target is a name or a number, else the last stage', () => {
  assert.is(targetStage(file, undefined).index, 4);
  assert.is(targetStage(file, 'B').index, 1);
  assert.is(targetStage(file, '0').index, 0);
  assert.match(
    refusal(() => targetStage(file, 'd')),
    'target stage "d" could not be found in Dockerfile',
  );
});

test('only what a target goes on with or takes files from is needed', () => {
  const needed = (target: string | undefined) =>
    [...neededStages(file, targetStage(file, target), ({ from }) => from.image)].map(index).sort();
  assert.equal(needed('b'), [0, 1]);
  assert.equal(needed('c'), [0, 1, 2]);
  assert.equal(needed(undefined), [3, 4]);
});

test('files are taken from stages above only', () => {
  const refused = (text: string) => refusal(() => checkReferences(parseDockerfile(text), new Set()));
  const hint = ' | only stages above it can be named';
  assert.is(
    refused('FROM x AS a\nCOPY --from=b f g\nFROM x AS b'),
    `cannot build Dockerfile:2: stage b comes after this one${hint}`,
  );
  assert.is(
    refused('FROM x AS a\nCOPY --from=A f g'),
    `cannot build Dockerfile:2: stage a takes files from itself${hint}`,
  );
  assert.is(
    refused('FROM x\nCOPY --from=0 f g'),
    `cannot build Dockerfile:2: stage 0 takes files from itself${hint}`,
  );
  assert.is(
    refused('FROM x\nCOPY --from=7 f g'),
    `cannot build Dockerfile:2: there is no stage 7 before this one${hint}`,
  );
  assert.match(
    refused('FROM x\nRUN --mount=from=b,target=/t f\nFROM x AS b'),
    'stage b comes after this one',
  );
  checkReferences(file, new Set());
  checkReferences(
    parseDockerfile('FROM x AS a\nCOPY --from=alpine f g\nCOPY --from=b f g\nFROM x AS b'),
    new Set(['b']),
  );
});

test('a file of many stages is looked through soon', () => {
  const began = performance.now();
  const many = parseDockerfile(
    `FROM x AS s0\n${Array.from({ length: 40_000 }, (_, i) => `FROM s${i} AS s${i + 1}\nCOPY --from=${i} a b`).join('\n')}`,
  );
  checkReferences(many, new Set());
  assert.is(neededStages(many, targetStage(many, undefined), ({ from }) => from.image).size, 40_001);
  assert.ok(performance.now() - began < 20_000);
});

test.run();
