/** Reads the comments of a source file that describes objects by literals: what documentation says about each member. */
import ts from 'typescript';

export interface Described {
  /** The comment's text on one line; empty when there is none. */
  readonly doc: string;
  /** The constant of the same file that the value names, when it names one. */
  readonly constant: string | null;
  /** The members of the object literal that the value is, or that it hands to a function. */
  readonly members: ReadonlyMap<string, Described>;
}

/** The constants of the file, in its order. */
export function readConstants(path: string, source: string): ReadonlyMap<string, Described> {
  const constants = new Map<string, Described>();
  for (const statement of ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (initializer !== undefined) constants.set(name.getText(), describe(initializer, docOf(statement), constants));
    }
  }
  return constants;
}

function describe(value: ts.Expression, doc: string, constants: ReadonlyMap<string, Described>): Described {
  const constant = constantOf(value);
  const members = new Map((constant === null ? undefined : constants.get(constant)?.members) ?? []);
  for (const property of literalOf(value)?.properties ?? []) {
    members.set(nameOf(property), describeMember(property, constants));
  }
  return { doc, constant, members };
}

function describeMember(property: ts.ObjectLiteralElementLike, constants: ReadonlyMap<string, Described>): Described {
  if (ts.isPropertyAssignment(property)) return describe(property.initializer, docOf(property), constants);
  if (ts.isShorthandPropertyAssignment(property)) return describe(property.name, docOf(property), constants);
  throw new Error(`neither \`name: value\` nor \`name\`: ${property.getText()}`);
}

function literalOf(value: ts.Expression): ts.ObjectLiteralExpression | null {
  if (ts.isObjectLiteralExpression(value)) return value;
  const argument = ts.isCallExpression(value) ? value.arguments[0] : undefined;
  return argument === undefined ? null : literalOf(argument);
}

/** `x`, `f(x)` and `x.members` name x. */
function constantOf(value: ts.Expression): string | null {
  if (ts.isIdentifier(value)) return value.text;
  if (ts.isPropertyAccessExpression(value)) return constantOf(value.expression);
  const argument = ts.isCallExpression(value) ? value.arguments[0] : undefined;
  return argument === undefined ? null : constantOf(argument);
}

function nameOf({ name }: ts.ObjectLiteralElementLike): string {
  if (name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name))) return name.text;
  throw new Error('a member has no plain name');
}

function docOf(node: ts.Node): string {
  const texts = ts.getJSDocCommentsAndTags(node).map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '');
  return texts.join(' ').replaceAll(/\s+/g, ' ').trim();
}
