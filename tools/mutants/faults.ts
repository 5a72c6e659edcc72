/** The small faults of a source file: each weakens one check, or leaves one step out. */
import type { AnyNode, CallExpression, Expression, LogicalExpression } from "acorn";

/** A piece of code and what stands in its place. */
export interface Fault {
  readonly start: number;
  readonly end: number;
  /** `undefined`: a statement that is left out. */
  readonly to: string | undefined;
  /** The function, method or constant around it; "" at the top. */
  readonly within: string;
}

/** What is known of an expression from where it stands. */
type Place =
  /** Its truth decides: the test of `if` or `?:`. */
  | "test"
  /** The test of a loop: forced, it would not end. */
  | "loop"
  /** Its value is used. */
  | "value"
  /** A fault around it weakens it already. */
  | "covered";

interface Around {
  readonly place: Place;
  readonly within: string;
}

const comparisons = new Set(["<", "<=", ">", ">=", "===", "!=="]);
const shifted = new Map(Object.entries({ "<": "<=", "<=": "<", ">": ">=", ">=": ">" }));
const swapped = new Map(Object.entries({ every: "some", some: "every" }));
/** Calls whose value is a truth, by their names. */
const truths = /^(?:is|has|can|may|verify|check|equal|matches|includes|every|some|test)(?![a-z])/;
/** What leaves nothing behind leaves nothing to see. */
const wiping = /\.fill\(0\)$/;

/** @param text - What `root` was parsed from. Spans of two faults are the same, nested or apart. */
export function faultsOf(root: AnyNode, text: string): Fault[] {
  const faults: Fault[] = [];
  const textOf = ({ start, end }: AnyNode): string => text.slice(start, end);

  function visit(node: AnyNode, around: Around): void {
    const within = nameOf(node) ?? around.within;
    const add = (to: string | undefined): void => {
      faults.push({ start: node.start, end: node.end, to, within });
    };
    if (isStep(node) && around.place !== "covered" && !wiping.test(textOf(node).replace(/;$/, "")))
      add(undefined);
    if (around.place === "test" || (around.place === "value" && isTruth(node))) {
      add("true");
      add("false");
    }
    if (node.type === "LogicalExpression" && node.operator !== "??" && around.place !== "loop") {
      const all = operandsOf(node);
      for (const dropped of all)
        add(
          all
            .filter((one) => one !== dropped)
            .map(textOf)
            .join(` ${node.operator} `),
        );
    }
    if (node.type === "BinaryExpression") {
      const to = shifted.get(node.operator);
      const between = text.slice(node.left.end, node.right.start);
      if (to !== undefined)
        add(textOf(node.left as AnyNode) + between.replace(node.operator, to) + textOf(node.right));
    }
    if (node.type === "CallExpression" && node.callee.type === "MemberExpression") {
      const { property } = node.callee;
      const to = property.type === "Identifier" ? swapped.get(property.name) : undefined;
      if (to !== undefined)
        add(text.slice(node.start, property.start) + to + text.slice(property.end, node.end));
    }
    for (const [child, place] of childrenOf(node, around.place)) visit(child, { place, within });
  }

  visit(root, { place: "covered", within: "" });
  return faults;
}

/** A `throw`, or a call whose value nobody takes. */
function isStep(node: AnyNode): boolean {
  if (node.type === "ThrowStatement") return true;
  if (node.type !== "ExpressionStatement") return false;
  const call = called(node.expression);
  return call !== undefined && call.callee.type !== "Super";
}

function withoutParentheses(node: Expression): Expression {
  return node.type === "ParenthesizedExpression" ? withoutParentheses(node.expression) : node;
}

function called(node: Expression): CallExpression | undefined {
  const inner = node.type === "AwaitExpression" ? node.argument : node;
  return inner.type === "CallExpression" ? inner : undefined;
}

/** Whether an expression is true or false, by its form or by the name of what it calls. */
function isTruth(node: AnyNode): boolean {
  if (node.type === "ParenthesizedExpression") return false;
  if (node.type === "BinaryExpression") return comparisons.has(node.operator);
  if (node.type === "UnaryExpression") return node.operator === "!";
  if (node.type === "LogicalExpression")
    return (
      node.operator !== "??" && operandsOf(node).every((one) => isTruth(withoutParentheses(one)))
    );
  if (node.type !== "CallExpression" && node.type !== "AwaitExpression") return false;
  const callee = called(node)?.callee;
  if (callee?.type === "Identifier") return truths.test(callee.name);
  return (
    callee?.type === "MemberExpression" &&
    callee.property.type === "Identifier" &&
    truths.test(callee.property.name)
  );
}

/** The operands of `a && b && c`, whose form is `(a && b) && c`. */
function operandsOf({ operator, left, right }: LogicalExpression): Expression[] {
  const first =
    left.type === "LogicalExpression" && left.operator === operator ? operandsOf(left) : [left];
  return [...first, right];
}

/** Nodes directly inside, each with where it stands. */
function* childrenOf(node: AnyNode, place: Place): Generator<[AnyNode, Place]> {
  for (const [field, value] of Object.entries(node) as [string, unknown][])
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) yield* placed(node, field, child, place);
}

function* placed(
  node: AnyNode,
  field: string,
  child: AnyNode,
  place: Place,
): Generator<[AnyNode, Place]> {
  switch (node.type) {
    case "ParenthesizedExpression":
      yield [child, place === "test" ? "covered" : place];
      return;
    case "IfStatement":
      yield [child, field === "test" ? "test" : "covered"];
      return;
    case "ConditionalExpression":
      yield [child, field === "test" ? "test" : "value"];
      return;
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
      yield [child, field === "test" ? "loop" : "value"];
      return;
    case "LogicalExpression":
      // An operand of the same operator is one of a longer chain.
      if (child.type === "LogicalExpression" && child.operator === node.operator)
        for (const operand of operandsOf(child)) yield [operand, "covered"];
      else yield [child, node.operator === "??" ? "value" : "covered"];
      return;
    case "BlockStatement":
      // A block of one statement is left out by the test before it, where there is one.
      yield [child, node.body.length === 1 ? "covered" : "value"];
      return;
    case "ExpressionStatement":
    case "AwaitExpression":
    case "ChainExpression":
    case "UnaryExpression":
    case "MemberExpression":
    case "Program":
      yield [child, "covered"];
      return;
    default:
      yield [child, "value"];
  }
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";

function nameOf(node: AnyNode): string | undefined {
  if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") return node.id?.name;
  if (node.type === "MethodDefinition" || node.type === "PropertyDefinition")
    return keyName(node.key);
  if (node.type === "Property" && /^(?:Arrow)?FunctionExpression$/.test(node.value.type))
    return keyName(node.key);
  if (node.type === "VariableDeclarator" && node.id.type === "Identifier" && node.init)
    return /^(?:Arrow)?FunctionExpression$/.test(node.init.type) ? node.id.name : undefined;
  return undefined;
}

const keyName = (key: AnyNode): string | undefined =>
  key.type === "Identifier" || key.type === "PrivateIdentifier" ? key.name : undefined;
