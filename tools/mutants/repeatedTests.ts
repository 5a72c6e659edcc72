/**
 * Stands in for `node:test` where one process runs the same tests for one mutant after the other: it collects them, and runs
 * each as often as it is asked. The part of `node:test` that the project's tests use, no more.
 */
import { mock } from "node:test";

type Work = (context: Context) => unknown;
type Hook = () => unknown;
interface Options {
  readonly skip?: boolean | string;
}

interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly before: Hook[];
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
  begun: boolean;
}

export interface CollectedTest {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const suiteNamed = (name: string, parent?: Suite): Suite => ({
  name,
  parent,
  before: [],
  beforeEach: [],
  afterEach: [],
  begun: false,
});
const root = suiteNamed("");
let current = root;

export const collected: CollectedTest[] = [];

/** What a test gets; a subtest that fails ends its test. */
class Context {
  readonly name: string;
  readonly mock: typeof mock = mock;
  readonly signal: AbortSignal = new AbortController().signal;
  readonly #ends: Hook[] = [];

  constructor(name: string) {
    this.name = name;
  }

  after(hook: Hook): void {
    this.#ends.push(hook);
  }

  diagnostic(): void {}

  skip(): void {}

  async test(...given: Given): Promise<void> {
    const { name, options, work } = read(given);
    if (!options.skip) await Context.run(`${this.name} > ${name}`, work);
  }

  static async run(name: string, work: Work): Promise<void> {
    const context = new Context(name);
    try {
      await work(context);
    } finally {
      for (const end of context.#ends) await end();
    }
  }
}

type Given = readonly [name: string | Work, options?: Options | Work, work?: Work];

function read(given: Given): { name: string; options: Options; work: Work } {
  const name = given.find((value) => typeof value === "string") ?? "";
  const work = given.find((value) => typeof value === "function") ?? (() => undefined);
  const options = given.find((value) => typeof value === "object") ?? {};
  return { name, options, work };
}

export function test(...given: Given): void {
  const { name, options, work } = read(given);
  if (options.skip) return;
  const within = chainOf(current);
  const full = [...within.map((suite) => suite.name).filter((part) => part !== ""), name];
  collected.push({
    name: full.join(" > "),
    async run() {
      for (const suite of within) {
        if (suite.begun) continue;
        suite.begun = true;
        for (const hook of suite.before) await hook();
      }
      try {
        for (const suite of within) for (const hook of suite.beforeEach) await hook();
        await Context.run(full.join(" > "), work);
      } finally {
        for (const suite of within.toReversed()) for (const hook of suite.afterEach) await hook();
        mock.reset();
      }
    },
  });
}

/** From the outermost. */
const chainOf = (suite: Suite): Suite[] =>
  suite.parent === undefined ? [suite] : [...chainOf(suite.parent), suite];

export function suite(...given: Given): void {
  const { name, options, work } = read(given);
  if (options.skip) return;
  current = suiteNamed(name, current);
  void work(new Context(name));
  current = current.parent ?? root;
}

export const before = (hook: Hook): unknown => current.before.push(hook);
/** The process is killed when all is tried, and its folder removed. */
export const after = (): void => {};
export const beforeEach = (hook: Hook): unknown => current.beforeEach.push(hook);
export const afterEach = (hook: Hook): unknown => current.afterEach.push(hook);
export { mock, suite as describe, test as default, test as it };
