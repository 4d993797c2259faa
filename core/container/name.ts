import { PodError } from '../error.ts';
import { randomBelow, randomBytes } from '../random.ts';

const MOODS =
  'able amber apt bold brave bright brisk calm candid cheery civil clear clever cosy crisp daring deft eager early fair fleet fond frank free fresh gentle glad grand hardy honest jolly keen kind lively loyal lucid lucky mellow merry mild modest neat nimble noble patient placid plucky polite prime proud quick quiet ready robust serene sharp sincere smart snug sober solid sound spry steady stout sunny supple sure swift tender tidy trim true trusty upbeat vivid warm wise witty zesty'.split(
    ' ',
  );
const PEOPLE =
  'abel archimedes babbage bardeen bell boole bose brahe cantor carson cerf clarke codd cori curie darwin dijkstra dirac einstein elion engelbart erdos euclid euler faraday fermat fermi feynman franklin galileo galois gauss germain goldberg hamilton hawking hertz hodgkin hopper hypatia jang jennings kalam kepler khorana kilby knuth kowalevski lamarr leavitt lovelace mayer mccarthy meitner mendel meninsky newton nobel noether pascal pasteur payne perlman pike poincare ptolemy raman ramanujan ride ritchie sammet shannon snyder stallman swartz tesla thompson torvalds turing varahamihira villani wilson wing wozniak wright yalow yonath'.split(
    ' ',
  );

/** A container's id: 64 hexadecimal digits. */
export function newId(): string {
  return randomBytes(32).toString('hex');
}

/** A name for a container that was given none: two words and, after a few that were taken, a number. */
export function randomName(attempt: number): string {
  const word = (list: string[]) => list[randomBelow(list.length)];
  return `${word(MOODS)}_${word(PEOPLE)}${attempt > 2 ? randomBelow(1000) : ''}`;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** Whether it can be a name of anything's. */
export function isName(text: string): boolean {
  return NAME.test(text) && text.length <= 255; // NAME_MAX, limits.h(0)
}

/** Docker's rule for names of containers, volumes and networks. */
export function checkName(kind: string, name: string): string {
  if (isName(name)) return name;
  throw new PodError({
    code: 'usage',
    message: `${JSON.stringify(name)} can't be the name of a ${kind}`,
    why: 'a name begins with a letter or digit and goes on with letters, digits, "_", "." and "-"',
  });
}
