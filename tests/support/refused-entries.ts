/** An audit log that takes no entries: whatever needs one must not happen. */
import type { Rooms } from './rooms.ts'

export interface RefusedEntries {
  /** From now on, entries of these actions; without any, all. */
  refuse: (...actions: string[]) => Promise<void>
  accept: () => Promise<void>
}

export async function refusableEntries(sql: Rooms['sql']): Promise<RefusedEntries> {
  await sql('create table private.refused_entries (action text not null)')
  await sql(`create function private.refuse_entry() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      if exists (select from private.refused_entries r where r.action in ('*', new.action)) then
        raise exception 'this entry is refused by a test';
      end if;
      return new;
    end $$`)
  await sql('create trigger refuse_entry before insert on public.audit_log for each row execute function private.refuse_entry()')
  return {
    refuse: async (...actions) => {
      for (const action of actions.length ? actions : ['*']) await sql('insert into private.refused_entries (action) values ($1)', [action])
    },
    accept: async () => void await sql('delete from private.refused_entries'),
  }
}
