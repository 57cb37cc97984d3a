-- What a provider said of a grant may be over without a word: the message that lifts it was lost (not everybody sends one again), or
-- the message itself was about an earlier grant, carried no time, and came late. So the account is looked at, within minutes of
-- the word and daily from then on, and what the look finds counts as a scan's list of resources does.

create or replace function private.integration_connected() returns trigger
language plpgsql set search_path = '' as $$
begin
  -- Another consent (server/integrations/grant.ts gives each an id): what was said of the one before is of no account.
  if new.config ->> 'grant_id' is distinct from old.config ->> 'grant_id' then
    new.connected_at := clock_timestamp();
    new.provider_state := null;
    new.provider_state_at := null;
  elsif old.provider_state is not null and new.provider_state is not null then
    if new.status = 'active' then
      new.status := 'error';
    end if;
    -- That the grant is dead is worse than a suspension, and no news after an end.
    if old.last_error ->> 'code' = 'uninstalled'
      or (old.last_error ->> 'code' = 'suspended' and new.last_error ->> 'class' is distinct from 'dead_grant') then
      new.last_error := old.last_error;
    end if;
  end if;
  -- Spread, since one word may be about thousands.
  if new.provider_state is not null
    and (new.provider_state, new.provider_state_at) is distinct from (old.provider_state, old.provider_state_at) then
    new.refresh_due_at := least(new.refresh_due_at, clock_timestamp() + interval '5 minutes' * (0.5 + random()));
  end if;
  return new;
end $$;

drop function public.note_reached(uuid);
-- What the grant reaches could be seen, after the provider had said that it reaches nothing: an event that came too late, or one
-- that never came. p_said_at: when what is to be taken back happened, as the caller read it before it looked; what was said since
-- stands. Null: all that was said.
create function public.note_reached(p_id uuid, p_said_at timestamptz default null) returns void
language sql set search_path = '' as $$
  update public.integrations i set provider_state = null, provider_state_at = clock_timestamp(),
      -- What else is wrong is no end, unless it is one.
      status = case when i.status = 'error' and (i.last_error is null or i.last_error ->> 'code' = 'uninstalled'
          or i.last_error ->> 'class' is distinct from 'dead_grant' or i.last_error ? 'slot') then 'active' else i.status end,
      last_error = case when i.last_error ->> 'code' in ('uninstalled', 'suspended') then null else i.last_error end
    where i.id = p_id and i.provider_state is not null
      -- Some who call count in milliseconds.
      and (p_said_at is null or i.provider_state_at < p_said_at + interval '1 millisecond')
$$;
revoke all on function public.note_reached(uuid, timestamptz) from public, anon, authenticated, service_role;
grant execute on function public.note_reached(uuid, timestamptz) to service_role;
