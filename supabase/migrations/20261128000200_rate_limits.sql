-- One limiter for all calls to providers, shared by all processes.
--
-- A bucket is what a provider counts together: so many calls in a window. A process takes permits out of it, several at once, so
-- that not every call pays for a round trip, and gives back what it did not use; what a dead process took comes back with the
-- next window. The clock is the database's.
--
-- The window. Until the provider says when it ends, it begins with the first permit and lasts as documented. The provider's
-- answers say more (note_answer): where the window really ends, and what is left in it, of which somebody else may have used
-- some. `remaining` is only lowered by them; it rises with the next window, and by as much as the provider's limit turns out to
-- be higher than it was thought to be.
--
-- Its end. Providers say it in whole seconds, and a call arrives later than its permit was given: in the last 1.25 seconds before
-- resets_at nobody knows which window a call would count in, and a call that counts in the next one is one too many there. So
-- none is made then; a window that is used up before loses nothing by it.
--
-- The first call of a process. To ask for a permit costs a round trip, and where a provider counts by resource and endpoint nearly
-- every call is the first of its bucket. So each answer also names the buckets that are scarce: small, with less than a tenth
-- left, or shut. A process that has heard that within a second makes its first call of any other bucket at once, and tells
-- afterwards (`spent`); what is not handed out to the last is room enough for one call of each process.
--
-- Fair shares. Each organization that asks is one that wants, until five seconds after the moment for which it was told to come
-- back, or until it says that it needs nothing more. While n organizations want, none gets more than an n-th of the window;
-- what it took before counts. So whoever comes later finds at least the rest of this window, and an equal share of the next one.
-- Alone, an organization gets everything.
--
-- People first. A twentieth of the window is kept for calls that a person waits for, until the last tenth of its time; such
-- calls also go past the shares.
--
-- A key is the provider's name and a hash (server/limits/bucket.ts): the rows are no organization's, so that nothing in them
-- may tell of one. The ids behind the hash stand in `integrations` in the clear: it keeps names out, and is no secret.

create table public.rate_buckets (
  key text primary key check (key ~ '^[a-z][a-z0-9_]*:[0-9a-f]{32}$'),
  -- In a window; null: nobody has said.
  calls integer check (calls > 0),
  window_seconds integer not null check (window_seconds > 0),
  window_number bigint not null default 1,
  started_at timestamptz not null,
  resets_at timestamptz not null,
  -- Of resets_at. said: by the provider. following: the provider said when the window before this one ended. guessed: neither.
  phase text not null default 'guessed' check (phase in ('guessed', 'following', 'said')),
  -- Permits that nobody has; null: see calls.
  remaining integer check (remaining >= 0),
  -- After a 429: no call until then.
  blocked_until timestamptz
);
create index rate_buckets_resets_at_idx on public.rate_buckets (resets_at);
create index rate_buckets_scarce_idx on public.rate_buckets (resets_at) where calls < 50 or remaining <= calls / 10;
create index rate_buckets_blocked_until_idx on public.rate_buckets (blocked_until) where blocked_until is not null;

create table public.rate_shares (
  key text not null references public.rate_buckets (key) on delete cascade,
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- Permits taken in this window of the bucket.
  window_number bigint not null,
  taken integer not null default 0 check (taken >= 0),
  wants_until timestamptz not null,
  primary key (key, organization_id)
);
create index rate_shares_organization_id_idx on public.rate_shares (organization_id);

alter table public.rate_buckets enable row level security;
alter table public.rate_buckets force row level security;
alter table public.rate_shares enable row level security;
alter table public.rate_shares force row level security;
revoke all on table public.rate_buckets, public.rate_shares from public, anon, authenticated, service_role;
grant select, insert, update, delete on table public.rate_buckets, public.rate_shares to service_role;

-- The bucket's row, locked, in its present window. p_calls and p_seconds: as documented, for a row that is not there yet.
create function private.open_bucket(p_key text, p_calls integer, p_seconds integer) returns public.rate_buckets
language plpgsql set search_path = '' as $$
declare
  b public.rate_buckets;
  v_now timestamptz;
begin
  select * into b from public.rate_buckets where key = p_key for update;
  if not found then
    insert into public.rate_buckets (key, calls, window_seconds, started_at, resets_at, remaining)
      values (p_key, p_calls, p_seconds, clock_timestamp(), clock_timestamp() + make_interval(secs => p_seconds + 1.25), p_calls)
      on conflict (key) do nothing;
    select * into b from public.rate_buckets where key = p_key for update;
  end if;
  v_now := clock_timestamp();
  if b.resets_at <= v_now then
    -- After a pause the provider may be anywhere in a window of its own.
    b.phase := case when b.phase = 'said' and b.resets_at > v_now - interval '5 seconds' then 'following' else 'guessed' end;
    b.window_number := b.window_number + 1;
    b.started_at := v_now;
    b.resets_at := v_now + make_interval(secs => b.window_seconds + 1.25);
    b.remaining := b.calls;
  end if;
  return b;
end $$;

-- The bucket after an answer of the provider. p_note: limit, remaining (less what the teller holds unused), resets_in (seconds)
-- as the headers say, and blocked_for (seconds) after a 429; what was not said is not there.
create function private.note_answer(b public.rate_buckets, p_note jsonb) returns public.rate_buckets
language plpgsql set search_path = '' as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_half constant interval := make_interval(secs => b.window_seconds / 2.0);
  v_limit constant integer := (p_note ->> 'limit')::integer;
  v_left constant integer := (p_note ->> 'remaining')::integer;
  v_end constant timestamptz := v_now + make_interval(secs => (p_note ->> 'resets_in')::double precision);
begin
  b.blocked_until := greatest(b.blocked_until, v_now + make_interval(secs => (p_note ->> 'blocked_for')::double precision));
  if v_left is null or v_end is null or v_end <= v_now then
    return b;
  end if;
  if b.phase = 'said' and v_end < b.resets_at - v_half or b.phase = 'following' and v_end < b.started_at + v_half then
    return b; -- An answer that was long under way: it tells of the window before.
  end if;
  if b.phase = 'said' and v_end > b.resets_at + v_half then
    b.window_number := b.window_number + 1; -- The provider has begun another one already.
    b.started_at := v_now;
    b.remaining := b.calls;
    b.resets_at := v_end;
  end if;
  b.resets_at := case b.phase when 'said' then greatest(b.resets_at, v_end) else v_end end;
  b.phase := 'said';
  b.remaining := greatest(0, least(b.remaining + coalesce(v_limit - b.calls, 0), v_left));
  b.calls := coalesce(v_limit, b.calls);
  return b;
end $$;

create function private.spend(b public.rate_buckets, p_spent integer) returns public.rate_buckets
language plpgsql set search_path = '' as $$
begin
  if b.remaining is not null then
    b.remaining := greatest(0, b.remaining - p_spent);
  end if;
  return b;
end $$;

create function private.close_bucket(b public.rate_buckets) returns void
language sql set search_path = '' as $$
  update public.rate_buckets r set calls = b.calls, window_number = b.window_number, started_at = b.started_at, resets_at = b.resets_at,
      phase = b.phase, remaining = b.remaining, blocked_until = b.blocked_until
    where r.key = b.key
$$;

-- What answers of the provider said: [{key, calls, seconds, note}].
create function public.note_rates(p_notes jsonb) returns void
language plpgsql set search_path = '' as $$
declare
  v record;
begin
  -- In the order of the keys: two processes that lock several rows never wait for each other.
  for v in select n.* from jsonb_to_recordset(p_notes) as n (key text, calls integer, seconds integer, note jsonb) order by n.key loop
    perform private.close_bucket(private.note_answer(private.open_bucket(v.key, v.calls, v.seconds), v.note));
  end loop;
end $$;

-- One ask. Gives how many permits, of which window, for how many seconds, and without any: for how many seconds to wait.
create function private.take_permits_of(
  p_key text, p_calls integer, p_seconds integer, p_organization_id uuid, p_want integer, p_returned integer, p_window bigint,
  p_spent integer, p_person boolean, p_note jsonb
) returns jsonb
language plpgsql set search_path = '' as $$
declare
  -- What was spent before what was said: the provider had counted it when it said so.
  b public.rate_buckets := private.note_answer(
    private.spend(private.open_bucket(p_key, p_calls, p_seconds), p_spent), coalesce(p_note, '{}'));
  v_now constant timestamptz := clock_timestamp();
  v_left constant double precision := extract(epoch from b.resets_at - v_now);
  v_usable constant double precision := greatest(0, v_left - 1.25);
  v_late constant double precision := b.window_seconds / 10.0;
  v_returned constant integer := case when p_window = b.window_number then p_returned else 0 end;
  v_reserve constant integer := case when p_person or v_usable <= v_late then 0 else coalesce(b.calls / 20, 0) end;
  v_taken integer;
  v_others integer;
  v_free integer;
  v_share integer;
  v_granted integer;
  v_wait double precision := 0;
begin
  b.remaining := least(b.calls, b.remaining + v_returned);
  select greatest(0, coalesce(sum(s.taken) filter (where s.organization_id = p_organization_id and s.window_number = b.window_number), 0) + p_spent - v_returned),
      count(*) filter (where s.organization_id <> p_organization_id and s.wants_until > v_now)
    into v_taken, v_others from public.rate_shares s where s.key = p_key;
  -- Where nobody knows the limit, a few at a time until the provider has said something.
  v_free := case when b.remaining is null then 10 else greatest(0, b.remaining - v_reserve) end;
  v_share := case when v_others = 0 or p_person or b.calls is null then v_free else greatest(0, greatest(1, b.calls / (v_others + 1)) - v_taken) end;
  v_granted := case when b.blocked_until > v_now or v_usable = 0 then 0 else least(p_want, v_free, v_share) end;
  if p_want > 0 and v_granted = 0 then
    v_wait := case
      when b.blocked_until > v_now then extract(epoch from b.blocked_until - v_now)
      when v_usable > 0 and v_free > 0 then least(v_left, 2) -- The others may need no more.
      when v_usable > 0 and b.remaining > 0 then v_usable - v_late
      else v_left end;
  end if;
  b.remaining := b.remaining - v_granted;
  perform private.close_bucket(b);
  insert into public.rate_shares as s (key, organization_id, window_number, taken, wants_until)
    select p_key, o.id, b.window_number, v_taken + v_granted,
        case when p_want > 0 then v_now + make_interval(secs => v_wait + 5) else v_now end
      from public.organizations o where o.id = p_organization_id
    on conflict (key, organization_id) do update
      set window_number = excluded.window_number, taken = excluded.taken, wants_until = excluded.wants_until;
  return jsonb_build_object('granted', v_granted, 'window', b.window_number, 'lasts', v_usable, 'wait', v_wait, 'calls', b.calls);
end $$;

-- Buckets of which nobody takes a permit without asking; null: too many to say.
create function private.scarce_buckets() returns jsonb
language sql stable set search_path = '' as $$
  select case when count(*) <= 1000 then coalesce(jsonb_agg(s.key), '[]') end from (
    select b.key from public.rate_buckets b where b.resets_at > clock_timestamp() and (b.calls < 50 or b.remaining <= b.calls / 10)
    union select b.key from public.rate_buckets b where b.blocked_until > clock_timestamp()
    limit 1001) s
$$;

-- Permits for several buckets and organizations at once: [{key, calls, seconds, organization_id, want, returned, window, spent,
-- person, note}]. returned: unused of that window. spent: used without asking. Gives the answers in the order of the asks, and
-- what is scarce.
create function public.take_permits(p_asks jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  v record;
  v_answers jsonb := '{}';
begin
  for v in
    select a.*, e.position from jsonb_array_elements(p_asks) with ordinality as e (ask, position), jsonb_to_record(e.ask) as a (key text, calls integer,
      seconds integer, organization_id uuid, want integer, returned integer, "window" bigint, spent integer, person boolean, note jsonb)
    order by a.key, e.position
  loop
    v_answers := v_answers || jsonb_build_object(v.position, private.take_permits_of(
      v.key, v.calls, v.seconds, v.organization_id, v.want, v.returned, v."window", v.spent, v.person, v.note));
  end loop;
  return jsonb_build_object('scarce', private.scarce_buckets(),
    'answers', (select coalesce(jsonb_agg(a.value order by a.key::integer), '[]') from jsonb_each(v_answers) as a));
end $$;

revoke all on function private.open_bucket(text, integer, integer), private.note_answer(public.rate_buckets, jsonb), private.spend(public.rate_buckets, integer), private.close_bucket(public.rate_buckets), private.scarce_buckets(),
  private.take_permits_of(text, integer, integer, uuid, integer, integer, bigint, integer, boolean, jsonb), public.note_rates(jsonb), public.take_permits(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.open_bucket(text, integer, integer), private.note_answer(public.rate_buckets, jsonb), private.spend(public.rate_buckets, integer), private.close_bucket(public.rate_buckets), private.scarce_buckets(),
  private.take_permits_of(text, integer, integer, uuid, integer, integer, bigint, integer, boolean, jsonb), public.note_rates(jsonb), public.take_permits(jsonb)
  to service_role;
