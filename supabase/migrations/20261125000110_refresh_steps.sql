-- The steps of a refresh, so that the journal tells what was sent from what was not.
--
--   begun       the lease is taken (90 s), which shows that the row can be written; nothing is sent. Whoever finds one whose holder
--               is gone takes it away.
--   sent        the request goes out now: the lease begins anew, and covers the call and storing its answer (180 s). Whoever finds
--               one whose holder is gone calls it `uncertain`: its refresh token may be spent.
--   stored, failed, superseded   how it ended. `superseded`: a reconnect had replaced the grant.
--
-- Each function locks the integration before it looks at the journal (see the file before this one).

alter table public.refresh_journal drop constraint refresh_journal_state_check;
alter table public.refresh_journal add constraint refresh_journal_state_check
  check (state in ('begun', 'sent', 'stored', 'failed', 'uncertain', 'superseded'));
alter table public.refresh_journal alter column state set default 'begun';
comment on column public.refresh_journal.sent_at is 'While `begun`: when that was.';
create index refresh_journal_open_idx on public.refresh_journal (integration_id) where state in ('begun', 'sent');

-- `call` says what failed: the renewal of a token, or a call of the provider's API with it. Each is healed by its own kind.
update public.integrations set last_error = last_error || jsonb_build_object('call', case
    when last_error ->> 'code' in ('unauthorized', 'expired_without_refresh_token') then 'api' else 'refresh' end)
  where last_error is not null;

-- The provider's API refused a token that was fresh: only an answer of that API, or a reconnect, shows the contrary.
create function private.is_refusal(p_last_error jsonb) returns boolean
language sql immutable set search_path = '' as $$
  select coalesce(p_last_error ->> 'call' = 'api' and p_last_error ->> 'code' = 'unauthorized', false)
$$;

-- The first version, from p_from on, that has the slot's refresh token of version p_version. Each step from one version to the next
-- brought another one, unless the journal knows it for another slot's renewal. Looks back over a thousand versions at most.
create function private.slot_since(p_id uuid, p_slot text, p_from bigint, p_version bigint) returns bigint
language sql stable set search_path = '' as $$
  select coalesce(max(step.version) + 1, p_from) from generate_series(greatest(p_from, p_version - 1000), p_version - 1) as step (version)
  where not exists (select 1 from public.refresh_journal j
    where j.integration_id = p_id and j.version = step.version and j.state = 'stored' and j.slot <> p_slot)
$$;

-- Ends what is open of versions below p_below and has no holder any more; p_version is the integration's.
create function private.settle_attempts(p_id uuid, p_version bigint, p_below bigint) returns void
language plpgsql set search_path = '' as $$
begin
  delete from public.refresh_journal j where j.integration_id = p_id and j.state = 'begun' and j.version < p_below;
  update public.refresh_journal j set maybe_spent = true, ended_at = clock_timestamp(), state = case
      when private.slot_since(p_id, j.slot, j.version, p_version) > j.version then 'superseded' else 'uncertain' end
    where j.integration_id = p_id and j.state = 'sent' and j.version < p_below;
end $$;

-- The caller holds the lease: what became of earlier attempts with the slot's refresh token, and a journal row for the next one.
-- `uncertain` counts since the last failure that somebody noted. No journal row: there is nothing to redeem, or the key is used up.
create function private.journal_refresh(v public.integrations, p_owner text, p_slot text, p_reserved boolean) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_since bigint := v.version;
  v_first bigint;
  v_uncertain integer;
  v_maybe_spent boolean;
  v_journal uuid;
begin
  perform private.settle_attempts(v.id, v.version, v.version + 1);
  -- With a single slot, each version has a refresh token of its own; with several, an older version's may be this one still.
  select min(j.version) into v_first from public.refresh_journal j
    where j.integration_id = v.id and j.slot = p_slot and j.state in ('failed', 'uncertain') and j.version < v.version
      and j.version > coalesce((select max(s.version) from public.refresh_journal s
        where s.integration_id = v.id and s.slot = p_slot and s.state = 'stored'), 0);
  if v_first is not null then
    v_since := private.slot_since(v.id, p_slot, v_first, v.version);
  end if;
  select count(*) filter (where a.state = 'uncertain' and (a.failed_at is null or a.sent_at > a.failed_at)), coalesce(bool_or(a.maybe_spent), false)
    into v_uncertain, v_maybe_spent
    from (select j.state, j.sent_at, j.maybe_spent, max(j.ended_at) filter (where j.state = 'failed') over () as failed_at
      from public.refresh_journal j where j.integration_id = v.id and j.slot = p_slot and j.version between v_since and v.version) a;
  if p_reserved and v.config ->> (case when p_slot = 'main' then '' else p_slot || '_' end || 'refresh_token') is not null then
    insert into public.refresh_journal (integration_id, organization_id, slot, version, owner)
      values (v.id, v.organization_id, p_slot, v.version, p_owner) returning id into v_journal;
  end if;
  return jsonb_build_object('outcome', 'mine', 'row', private.credential_row(v), 'journal_id', v_journal,
    'uncertain', v_uncertain, 'maybe_spent', v_maybe_spent, 'reserved', p_reserved);
end $$;

-- What a refresh of the row may encrypt: all its tokens, and a refresh token where there was none.
create function private.tokens_in(p_config jsonb) returns bigint
language sql immutable set search_path = '' as $$ select count(*) + 1 from jsonb_object_keys(p_config) f where f ~ '_token$' $$;

-- Whether the slot's renewal has failed, otherwise than the caller has seen.
create function private.failed_since(p_last_error jsonb, p_slot text, p_seen_at text) returns boolean
language sql immutable set search_path = '' as $$
  select p_last_error is not null and coalesce(p_last_error ->> 'call', 'refresh') = 'refresh'
    and coalesce(p_last_error ->> 'slot', 'main') = p_slot and p_last_error ->> 'at' is distinct from p_seen_at
$$;

-- To refresh one integration's slot, whose row was seen at `p_seen_version` with its last failure at `p_seen_failed_at`.
-- mine: nobody else may for p_seconds; the row may be of a later version that has the same refresh token. newer, failed: somebody
-- else was done with this slot meanwhile, or it was reconnected. busy: somebody else is at it. Null: gone.
create or replace function public.begin_refresh(
  p_id uuid, p_owner text, p_seconds integer, p_slot text, p_seen_version bigint, p_seen_failed_at text
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
begin
  -- Due from now on: if this process dies, the task comes back to it.
  update public.integrations i set refresh_lease_owner = p_owner, refresh_slot = p_slot,
      refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds),
      refresh_due_at = least(i.refresh_due_at, clock_timestamp())
    where i.id = p_id and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
      and (i.version = p_seen_version or private.slot_since(i.id, p_slot, p_seen_version, i.version) = p_seen_version)
      and not private.failed_since(i.last_error, p_slot, p_seen_failed_at)
    returning * into v;
  if v.id is not null then
    return private.journal_refresh(v, p_owner, p_slot,
      private.count_encryptions(v.organization_id, private.tokens_in(v.config)) is not null);
  end if;
  select * into v from public.integrations where id = p_id;
  if v.id is null then
    return null;
  end if;
  return jsonb_build_object('row', private.credential_row(v), 'outcome', case
    when v.version <> p_seen_version and private.slot_since(v.id, p_slot, p_seen_version, v.version) > p_seen_version then 'newer'
    when private.failed_since(v.last_error, p_slot, p_seen_failed_at) then 'failed'
    else 'busy' end);
end $$;

-- As before, in the order of the locks: the integrations, then their organizations' keys, each once, then the journal.
create or replace function public.lease_due_refreshes(
  p_owner text, p_limit integer, p_seconds integer, p_types text[], p_running integer[], p_now timestamptz
) returns setof jsonb
language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
  v_leased public.integrations[];
  v_counted uuid[];
  v public.integrations;
begin
  v_ids := array(
    select c.id from unnest(p_types, p_running) as t (type, running) cross join (values (false), (true)) as f (failing)
    cross join lateral (
      select d.id, d.refresh_due_at, t.running + row_number() over (order by d.refresh_due_at) as turn from (
        select i.id, i.refresh_due_at from public.integrations i
        where i.integration_type = t.type and (i.refresh_failures > 0) = f.failing and i.refresh_due_at <= p_now
          and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
        order by i.refresh_due_at limit p_limit for no key update skip locked) d) c
    order by c.turn, f.failing, c.refresh_due_at limit p_limit);
  with leased as (
    update public.integrations i set refresh_lease_owner = p_owner,
        refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds)
      where i.id = any (v_ids) and (i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp())
      returning i)
  select array_agg(l.i order by array_position(v_ids, (l.i).id)) into v_leased from leased l;
  select private.count_all_encryptions(array_agg(l.organization_id), array_agg(private.tokens_in(l.config))) into v_counted from unnest(v_leased) l;
  foreach v in array coalesce(v_leased, '{}') loop
    return next private.journal_refresh(v, p_owner, v.refresh_slot, v.organization_id = any (v_counted));
  end loop;
end $$;

drop function private.journal_refresh(public.integrations, text, text);

-- The last step before the request goes out. False: the lease or the version is another's by now, and nothing may be sent.
create function public.send_refresh(p_id uuid, p_owner text, p_journal_id uuid, p_version bigint, p_seconds integer) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.integrations i set refresh_lease_until = clock_timestamp() + make_interval(secs => p_seconds)
    where i.id = p_id and i.version = p_version and i.refresh_lease_owner = p_owner
      and exists (select 1 from public.refresh_journal j where j.id = p_journal_id and j.owner = p_owner and j.state in ('begun', 'sent'));
  if not found then
    return false;
  end if;
  update public.refresh_journal j set state = 'sent', sent_at = clock_timestamp() where j.id = p_journal_id and j.state in ('begun', 'sent');
  return found;
end $$;

-- The answer, encrypted for version p_version + 1, in place of the old credentials. stored; superseded: the row is a newer
-- grant's; gone: there is no such row any more; key_gone: encrypted with a key that the organization has no more. Asked twice, it
-- says the same.
create or replace function public.finish_refresh(
  p_id uuid, p_owner text, p_journal_id uuid, p_version bigint, p_config jsonb, p_refresh_due_at timestamptz,
  p_refresh_slot text, p_audit jsonb
) returns text
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_slot text;
  v_state text;
  v_refused boolean;
begin
  select * into v from public.integrations where id = p_id for no key update;
  if v.id is null then
    return 'gone';
  end if;
  select j.slot, j.state into v_slot, v_state from public.refresh_journal j where j.id = p_journal_id;
  if v_state = 'stored' then
    return 'stored';
  end if;
  v_slot := coalesce(v_slot, 'main');
  -- A lease that ran out meanwhile is no reason to drop a good answer; only the version decides.
  if v.version <> p_version then
    -- After another slot's renewal the refresh token that was sent is still the slot's own, and spent.
    update public.refresh_journal set maybe_spent = true, ended_at = clock_timestamp(), state = case
        when v.version > p_version and private.slot_since(p_id, v_slot, p_version, v.version) = p_version then 'uncertain' else 'superseded' end
      where id = p_journal_id;
    return 'superseded';
  end if;
  perform 1 from public.organization_keys k where k.organization_id = v.organization_id
    and k.key_id = substring(p_config ->> 'access_token' from '^([0-9a-f]{8}):') for key share;
  if not found then
    return 'key_gone';
  end if;
  v_refused := private.is_refusal(v.last_error);
  update public.integrations i set config = i.config || p_config, version = i.version + 1, refresh_due_at = p_refresh_due_at,
      refresh_slot = p_refresh_slot, refresh_failures = 0, last_success_at = now(),
      last_error = case when coalesce(i.last_error ->> 'slot', 'main') = v_slot and not v_refused then null else i.last_error end,
      status = case when i.status = 'error' and v_slot = 'main' and not v_refused then 'active' else i.status end,
      refresh_lease_owner = case when i.refresh_lease_owner = p_owner then null else i.refresh_lease_owner end,
      refresh_lease_until = case when i.refresh_lease_owner = p_owner then null else i.refresh_lease_until end
    where i.id = p_id;
  update public.refresh_journal set state = 'stored', ended_at = clock_timestamp() where id = p_journal_id;
  perform private.settle_attempts(p_id, p_version + 1, p_version);
  perform private.write_audit(v.organization_id, p_audit);
  return 'stored';
end $$;

-- A refresh that brought nothing: the lease goes back; only a dead grant (p_dead) ends the connection. What is worse than this
-- failure stays written: a refusal by the API, a dead grant, and the main token's end before a further one's. False: the row is
-- another version's or another holder's by now, and stays as it is. Asked twice, it says the same.
create or replace function public.fail_refresh(
  p_id uuid, p_owner text, p_journal_id uuid, p_version bigint, p_error jsonb, p_dead boolean, p_maybe_spent boolean,
  p_refresh_due_at timestamptz, p_refresh_slot text, p_audit jsonb
) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
begin
  select * into v from public.integrations where id = p_id for no key update;
  if exists (select 1 from public.refresh_journal where id = p_journal_id and owner = p_owner and state = 'failed') then
    return true;
  end if;
  update public.refresh_journal set state = 'failed', failure = p_error - 'message' - 'at' - 'call', maybe_spent = p_maybe_spent,
      ended_at = clock_timestamp()
    where id = p_journal_id and state in ('begun', 'sent');
  if v.id is null or v.version <> p_version or v.refresh_lease_owner is distinct from p_owner then
    return false;
  end if;
  update public.integrations i set refresh_due_at = p_refresh_due_at, refresh_slot = p_refresh_slot,
      last_error = case when private.is_refusal(i.last_error)
          or (i.last_error ->> 'class' = 'dead_grant' and p_error ->> 'class' <> 'dead_grant')
          or (i.status = 'error' and p_error ? 'slot' and not i.last_error ? 'slot')
        then i.last_error else p_error end,
      refresh_failures = i.refresh_failures + 1, refresh_lease_owner = null, refresh_lease_until = null,
      status = case when p_dead and i.status = 'active' then 'error' else i.status end
    where i.id = p_id;
  perform private.write_audit(v.organization_id, p_audit);
  return true;
end $$;

-- Nothing was sent, as its holder knows: the journal row goes, and the lease back.
create or replace function public.release_refresh(p_id uuid, p_owner text, p_journal_id uuid, p_refresh_due_at timestamptz) returns void
language plpgsql set search_path = '' as $$
begin
  update public.integrations i set refresh_lease_owner = null, refresh_lease_until = null,
      refresh_due_at = coalesce(p_refresh_due_at, i.refresh_due_at)
    where i.id = p_id and i.refresh_lease_owner = p_owner;
  delete from public.refresh_journal where id = p_journal_id and owner = p_owner and state in ('begun', 'sent');
end $$;

-- Ends what is open and has no holder any more, of p_limit integrations at most: nobody else may come by, after a reconnect.
-- @returns of how many
create function public.settle_refreshes(p_limit integer) returns integer
language plpgsql set search_path = '' as $$
declare
  v record;
  v_settled integer := 0;
begin
  for v in
    select i.id, i.version, i.refresh_lease_until > clock_timestamp() as held from public.integrations i
    where exists (select 1 from public.refresh_journal j where j.integration_id = i.id and j.state in ('begun', 'sent')
      and (j.version < i.version or i.refresh_lease_until is null or i.refresh_lease_until < clock_timestamp()))
    order by i.id limit p_limit for no key update of i skip locked
  loop
    perform private.settle_attempts(v.id, v.version, case when v.held then v.version else v.version + 1 end);
    v_settled := v_settled + 1;
  end loop;
  return v_settled;
end $$;

revoke all on function private.is_refusal(jsonb), private.slot_since(uuid, text, bigint, bigint),
  private.settle_attempts(uuid, bigint, bigint), private.journal_refresh(public.integrations, text, text, boolean),
  private.tokens_in(jsonb), private.failed_since(jsonb, text, text),
  public.send_refresh(uuid, text, uuid, bigint, integer), public.settle_refreshes(integer)
  from public, anon, authenticated, service_role;
grant execute on function private.is_refusal(jsonb), private.slot_since(uuid, text, bigint, bigint),
  private.settle_attempts(uuid, bigint, bigint), private.journal_refresh(public.integrations, text, text, boolean),
  private.tokens_in(jsonb), private.failed_since(jsonb, text, text),
  public.send_refresh(uuid, text, uuid, bigint, integer), public.settle_refreshes(integer)
  to service_role;
