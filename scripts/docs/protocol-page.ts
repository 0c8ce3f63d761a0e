/** The tables of control frames in docs/PROTOCOL.md: shapes from the table in src/protocol, texts from its comments. */
import { isObject, object, type Members, type ObjectShape, type Shape } from '../../src/lib/shape.js';
import * as table from '../../src/protocol/control-frames.js';
import type { Described } from './table-comments.js';

/** Objects with a heading of their own, by the name of their constant. */
const OBJECTS = {
  member: table.member,
  session: table.session,
  host: table.host,
  limits: table.limits,
  userSession: table.userSession,
} as const satisfies Record<string, ObjectShape<Members>>;

/** Frames with more members have a table of their own. */
const MOST_IN_A_CELL = 4;

interface Row {
  readonly name: string;
  readonly shape: Shape<unknown>;
  readonly described: Described;
}

/** The page with its generated parts made again. What stands between the markers is replaced, the rest is kept. */
export function renderProtocolPage(page: string, constants: ReadonlyMap<string, Described>): string {
  const parts = {
    'server-frames': framesTable(table.SERVER_FRAMES, constantOf(constants, 'SERVER_FRAMES')),
    'server-objects': objectSections(constants),
    'client-frames': framesTable(table.CLIENT_FRAMES, constantOf(constants, 'CLIENT_FRAMES')),
    'control-welcome': membersTable(rowsOf(table.CONTROL_WELCOME, constantOf(constants, 'CONTROL_WELCOME'))),
  };
  return Object.entries(parts).reduce((text, [name, lines]) => replacePart(text, name, lines), page);
}

function replacePart(page: string, name: string, lines: readonly string[]): string {
  const begin = `<!-- ${name}: generated from src/protocol/control-frames.ts by \`npm run docs\` -->`;
  const end = `<!-- end of ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/PROTOCOL.md has no part between "${begin}" and "${end}"`);
  return `${page.slice(0, from)}${[begin, ...lines, end].join('\n')}${page.slice(to + end.length)}`;
}

function framesTable(frames: Readonly<Record<string, Members>>, described: Described): readonly string[] {
  const rows = Object.entries(frames).map(([type, members]) => {
    const frame = memberOf(described, type);
    if (frame.doc === '') throw new Error(`the control frame ${type} has no comment`);
    return `| \`${type}\` | ${frameCell(type, rowsOf(members, frame))} | ${frame.doc} |`;
  });
  return ['| type | members | meaning |', '| --- | --- | --- |', ...rows];
}

function frameCell(type: string, rows: readonly Row[]): string {
  if (rows.length > MOST_IN_A_CELL) return `[below](#${anchorOf(type)})`;
  const sentences = ({ described: { doc } }: Row): string => (doc === '' ? '' : `. ${doc}`);
  return rows.map((row) => `${nameOf(row)}: ${labelOf(row)}${sentences(row)}`).join('<br>');
}

function objectSections(constants: ReadonlyMap<string, Described>): readonly string[] {
  const frames = constantOf(constants, 'SERVER_FRAMES');
  const large = Object.entries(table.SERVER_FRAMES)
    .filter(([, members]) => Object.keys(members).length > MOST_IN_A_CELL)
    .map(([type, members]) => section(type, memberOf(frames, type), members));
  const objects = Object.entries(OBJECTS).map(([name, { members }]) =>
    section(headingOf(name), constantOf(constants, name), members),
  );
  return [...large, ...objects].flat().slice(0, -1);
}

function section(heading: string, described: Described, members: Members): readonly string[] {
  return [`#### ${heading}`, described.doc, '', ...membersTable(rowsOf(members, described)), ''];
}

function membersTable(rows: readonly Row[]): readonly string[] {
  const lines = rows.map((row) => `| ${nameOf(row)} | ${labelOf(row)} | ${row.described.doc} |`);
  return ['| member | type | meaning |', '| --- | --- | --- |', ...lines];
}

/** A row for each member, and for each member of an object that has no heading of its own. */
function rowsOf(members: Members, described: Described, prefix = ''): readonly Row[] {
  return Object.entries(members).flatMap(([name, shape]) => {
    const own = memberOf(described, name);
    const isInline = isObjectShape(shape) && !isNamedObject(own.constant);
    return isInline
      ? rowsOf(shape.members, own, `${prefix}${name}.`)
      : [{ name: `${prefix}${name}`, shape, described: own }];
  });
}

function nameOf({ name, shape }: Row): string {
  return `\`${name}\`${shape.is(undefined) ? ' (optional)' : ''}`;
}

function labelOf({ shape, described: { constant } }: Row): string {
  if (!isNamedObject(constant)) return shape.label;
  const heading = headingOf(constant);
  return shape.label.replace(object({}).label, `[${heading}](#${anchorOf(heading)})`);
}

function constantOf(constants: ReadonlyMap<string, Described>, name: string): Described {
  const found = constants.get(name);
  if (found === undefined) throw new Error(`src/protocol/control-frames.ts has no constant ${name}`);
  return found;
}

function memberOf(described: Described, name: string): Described {
  const member = described.members.get(name);
  if (member === undefined) throw new Error(`src/protocol/control-frames.ts does not spell the member ${name}`);
  return member;
}

function isNamedObject(constant: string | null): constant is keyof typeof OBJECTS {
  return constant !== null && Object.hasOwn(OBJECTS, constant);
}

function isObjectShape(shape: Shape<unknown>): shape is ObjectShape<Members> {
  return isObject(Reflect.get(shape, 'members'));
}

/** `userSession`: `user session`. */
function headingOf(constant: string): string {
  return constant.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9_ -]/g, '')
    .replaceAll(' ', '-');
}
