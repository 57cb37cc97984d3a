import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCatalogue, type Catalogue } from '../../../scripts/lib/catalogue.ts'
import { renderTypes } from '../../../scripts/lib/render-types.ts'

const sample = `
  create type mood as enum ('fine', 'bad');
  create domain short as text check (length(value) < 10);
  create table owners (id uuid primary key default gen_random_uuid(), tags text[] not null, note short);
  create table pets (
    id bigint generated always as identity primary key,
    owner_id uuid unique references owners (id),
    second_owner_id uuid references owners (id),
    mood mood not null,
    data jsonb not null default '{}',
    loud boolean,
    label text generated always as ('pet') stored
  );
  create view names as select id, note from owners;
  create function plain(p_b integer, p_a text default 'x') returns boolean language sql as 'select true';
  create function ids() returns setof uuid language sql as 'select id from owners';
  create function rows(p_id uuid) returns table (z integer, a text) language sql as 'select 1, ''x''';
  create function pet() returns pets language sql as 'select * from pets limit 1';
  create view asked as select null::uuid as id, null::jsonb as answer where false;
  create function touched() returns trigger language plpgsql as 'begin return new; end';
  create trigger asks instead of insert on asked for each row execute function touched();
`

let database: PGlite
let catalogue: Catalogue
let text: string

const query = async <Row>(sql: string, parameters: unknown[]) => (await database.query<Row>(sql, parameters)).rows
/** The block of this name, without indentation. */
const block = (name: string) => new RegExp(`^( *)${name}: \\{\\n([\\s\\S]*?)^\\1\\}`, 'm').exec(text)?.[2]?.split('\n').map(line => line.trim()).join('\n').trim()

beforeAll(async () => {
  database = await PGlite.create()
  await database.exec(sample)
  catalogue = await readCatalogue(query, 'public')
  text = renderTypes(catalogue)
})
afterAll(() => database.close())

describe('the generated types', () => {
  it('say what a row holds, and what may be left out or not be written', () => {
    expect(block('pets')).toContain([
      'Row: {', 'data: Json', 'id: number', 'label: string | null', 'loud: boolean | null', 'mood: Database[\'public\'][\'Enums\'][\'mood\']', 'owner_id: string | null', 'second_owner_id: string | null', '}',
      'Insert: {', 'data?: Json', 'id?: number', 'label?: never', 'loud?: boolean | null', 'mood: Database[\'public\'][\'Enums\'][\'mood\']',
    ].join('\n'))
    expect(block('owners')).toContain('note: string | null\ntags: string[]')
    expect(block('Enums')).toBe('mood: \'fine\' | \'bad\'')
  })

  it('say which relationship is one to one', () => {
    expect(block('pets')).toMatch(/pets_owner_id_fkey'\ncolumns: \['owner_id'\]\nisOneToOne: true/)
    expect(block('pets')).toMatch(/pets_second_owner_id_fkey'\ncolumns: \['second_owner_id'\]\nisOneToOne: false/)
  })

  it('give views a row only', () => {
    expect(block('names')).toContain('Row: {')
    expect(block('names')).not.toContain('Insert')
  })

  it('let a view be written that has a trigger for it', () => {
    expect(block('asked')).toContain('Insert: {\nanswer?: Json | null\nid?: string | null\n}\nRelationships')
  })

  it('describe functions, but no trigger', () => {
    expect(block('plain')).toBe('Args: {\np_a?: string\np_b: number\n}\nReturns: boolean')
    expect(block('ids')).toBe('Args: never\nReturns: string[]')
    expect(block('rows')).toBe('Args: {\np_id: string\n}\nReturns: {\na: string\nz: number\n}[]')
    expect(block('pet')).toBe('Args: never\nReturns: Database[\'public\'][\'Tables\'][\'pets\'][\'Row\']')
    expect(text).not.toContain('touched')
  })

  it('are the same bytes every time', async () => {
    expect(renderTypes(await readCatalogue(query, 'public'))).toBe(text)
  })

  it('refuse an overloaded function', async () => {
    await database.exec('create schema twice; create function twice.f(a text) returns text language sql as \'select a\'; create function twice.f(b integer) returns integer language sql as \'select b\'')
    await expect(readCatalogue(query, 'twice')).rejects.toThrow('twice.f is overloaded. To fix:')
  })
})
