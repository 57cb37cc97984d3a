-- The audit log proves itself. The entries of an organization are numbered without a gap, and each carries
--
--   hash = sha256(prev_hash || E'\n' || canonical), in hex
--
-- where `canonical` is the entry as one line of JSON (private.audit_canonical, the only place that makes it) and `prev_hash`
-- the hash of the entry before it, 64 zeros for the first. Whoever changes, removes or moves an entry changes every hash
-- after it, and the number and hash of the last one stand in a table that nobody but the trigger writes. Whoever owns the
-- database can still rewrite all of it: against that stand the signed exports (server/audit/export.ts) that others keep.

-- Where each organization's chain ends. The zero id: entries of no organization.
create table public.audit_heads (
  organization_id uuid primary key,
  seq bigint not null check (seq > 0),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  at timestamptz not null
-- Written twice for each entry: room in the page keeps that from ever touching the index.
) with (fillfactor = 50);
alter table public.audit_heads enable row level security;
alter table public.audit_heads force row level security;
revoke all on table public.audit_heads from public, anon, authenticated, service_role;
grant select on table public.audit_heads to authenticated, service_role;
create policy "admins read where the audit log ends" on public.audit_heads for select to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));

alter table public.audit_log
  add column seq bigint check (seq > 0),
  add column prev_hash text check (prev_hash ~ '^[0-9a-f]{64}$'),
  add column hash text check (hash ~ '^[0-9a-f]{64}$');

-- jsonb orders its keys and writes them one way only, and its text holds no line break.
create function private.audit_canonical(p_entry public.audit_log) returns text
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'seq', p_entry.seq, 'id', p_entry.id, 'organization_id', p_entry.organization_id,
    'actor_type', p_entry.actor_type, 'actor_id', p_entry.actor_id, 'actor_email', p_entry.actor_email,
    'action', p_entry.action, 'target_type', p_entry.target_type, 'target_id', p_entry.target_id, 'detail', p_entry.detail,
    'ip', p_entry.ip, 'user_agent', p_entry.user_agent, 'request_id', p_entry.request_id,
    'created_at', to_char(p_entry.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text
$$;

create function private.audit_hash(p_prev_hash text, p_canonical text) returns text
language sql immutable set search_path = '' as $$
  select encode(sha256(convert_to(p_prev_hash || E'\n' || p_canonical, 'UTF8')), 'hex')
$$;

-- The entries that are there already, in the order in which lists show them.
alter table public.audit_log disable trigger append_only;
do $$
declare
  v_entry public.audit_log;
  v_organization uuid;
  v_seq bigint;
  v_hash text;
begin
  for v_entry in select * from public.audit_log order by organization_id, created_at, id loop
    if v_seq is null or v_entry.organization_id is distinct from v_organization then
      v_organization := v_entry.organization_id;
      v_seq := 0;
      v_hash := repeat('0', 64);
    end if;
    v_seq := v_seq + 1;
    v_entry.seq := v_seq;
    v_entry.prev_hash := v_hash;
    v_hash := private.audit_hash(v_hash, private.audit_canonical(v_entry));
    update public.audit_log set seq = v_seq, prev_hash = v_entry.prev_hash, hash = v_hash where id = v_entry.id;
  end loop;
end $$;
alter table public.audit_log enable trigger append_only;

alter table public.audit_log
  alter column seq set not null,
  alter column prev_hash set not null,
  alter column hash set not null,
  -- So that a writer need not name them; the checks refuse these, so that only the trigger can fill them.
  alter column seq set default 0,
  alter column prev_hash set default '',
  alter column hash set default '';
-- Not over coalesce(organization_id, ...): row level security keeps the planner from using that.
create unique index audit_log_chain_idx on public.audit_log (organization_id, seq) nulls not distinct;

insert into public.audit_heads (organization_id, seq, hash, at)
  select distinct on (1) coalesce(organization_id, '00000000-0000-0000-0000-000000000000'), seq, hash, created_at
  from public.audit_log order by 1, seq desc;

-- Number, time and hashes are made here, whatever the writer gives, under the lock on the organization's head: two writers
-- take turns, so that the chain has no fork, and its order and that of the times agree. A transaction that writes for two
-- organizations must do so in one order everywhere, or two of them may wait for each other.
create function private.audit_chain() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_organization uuid := coalesce(new.organization_id, '00000000-0000-0000-0000-000000000000');
  v_before timestamptz;
begin
  insert into public.audit_heads as head (organization_id, seq, hash, at) values (v_organization, 1, repeat('0', 64), '-infinity')
    on conflict (organization_id) do update set seq = head.seq + 1
    returning head.seq, head.hash, head.at into new.seq, new.prev_hash, v_before;
  -- The embedded database's clock ticks in milliseconds. A clock that was set back shows.
  new.created_at := clock_timestamp();
  if new.created_at between v_before - interval '1 s' and v_before then
    new.created_at := v_before + interval '1 microsecond';
  end if;
  new.hash := private.audit_hash(new.prev_hash, private.audit_canonical(new));
  update public.audit_heads set hash = new.hash, at = new.created_at where organization_id = v_organization;
  return new;
end $$;
create trigger chain before insert on public.audit_log for each row execute function private.audit_chain();

-- The first broken entry after p_after_seq among the next p_limit ones, or none:
--
--   altered    its hash does not fit its content, or the next entry was chained to another one in its place
--   removed    its number is missing, in the middle or at the end; its id is not known any more
--   reordered  it was written as another number
--   inserted   it stands where the chain has no place for it: a number twice, or after the end
--
-- `checked` entries were looked at, up to number `last_seq`; `complete`: those were all. The entry at p_after_seq, which the call
-- before this one has checked, is what the first one is held against.
create function private.audit_faults(p_organization_id uuid, p_after_seq bigint, p_limit integer)
returns table (checked bigint, last_seq bigint, complete boolean, head_seq bigint, head_hash text, first_at timestamptz,
  fault_kind text, fault_seq bigint, fault_id uuid)
language plpgsql stable set search_path = '' as $$
declare
  v_entry public.audit_log;
  v_written_as bigint;
begin
  select h.seq, h.hash into head_seq, head_hash from public.audit_heads h where h.organization_id = p_organization_id;
  head_seq := coalesce(head_seq, 0);
  head_hash := coalesce(head_hash, repeat('0', 64));

  with entries as (
    select l.seq, l.id, l.created_at, l.prev_hash, l.hash,
      l.hash = encode(sha256(convert_to(l.prev_hash || E'\n' || private.audit_canonical(l), 'UTF8')), 'hex') as fits
    from public.audit_log l
    where (l.organization_id = p_organization_id or l.organization_id is null and p_organization_id = '00000000-0000-0000-0000-000000000000')
      and l.seq >= p_after_seq
    order by l.seq limit p_limit + (p_after_seq > 0)::integer
  ), chain as (
    select e.*, coalesce(lag(e.seq) over w, greatest(p_after_seq - 1, 0)) as before_seq,
      coalesce(lag(e.hash) over w, repeat('0', 64)) as before_hash
    from entries e window w as (order by e.seq)
  ), judged as (
    select c.*, case
      when c.seq = c.before_seq or c.seq > head_seq then 'inserted'
      when c.seq <> c.before_seq + 1 then 'removed'
      when not c.fits then 'altered'
      when c.prev_hash <> c.before_hash then 'unchained'
      when c.seq = head_seq and c.hash <> head_hash then 'altered'
    end as kind
    from chain c where c.seq > p_after_seq
  ), facts as (
    select count(*) as checked, max(j.seq) as last_seq, min(j.created_at) as first_at from judged j
  )
  select f.checked, coalesce(f.last_seq, p_after_seq), f.checked < p_limit, f.first_at,
    b.kind, case b.kind when 'removed' then b.before_seq + 1 else b.seq end, case when b.kind <> 'removed' then b.id end
  into checked, last_seq, complete, first_at, fault_kind, fault_seq, fault_id
  from facts f left join lateral (select * from judged j where j.kind is not null order by j.seq limit 1) b on true;

  if fault_kind is null and complete and last_seq < head_seq then
    fault_kind := 'removed';
    fault_seq := last_seq + 1;
  elsif fault_kind in ('altered', 'unchained') then
    select * into v_entry from public.audit_log l where l.id = fault_id;
    -- Whole, but under a number that is not its own?
    select number into v_written_as from generate_series(1, head_seq) number
      where fault_kind = 'altered' and v_entry.hash = private.audit_hash(v_entry.prev_hash,
        jsonb_set(private.audit_canonical(v_entry)::jsonb, '{seq}', to_jsonb(number))::text) and number <> fault_seq limit 1;
    -- Or chained to one that stands elsewhere?
    if v_written_as is not null or fault_kind = 'unchained' and exists (select from public.audit_log l
      where l.hash = v_entry.prev_hash and l.organization_id is not distinct from v_entry.organization_id) then
      fault_kind := 'reordered';
    elsif fault_kind = 'unchained' then
      -- Whole, and written after another entry than the one that now stands before it: that one is the fault.
      fault_kind := 'altered';
      select l.seq, l.id into fault_seq, fault_id from public.audit_log l where l.seq = greatest(v_entry.seq - 1, 1)
        and l.organization_id is not distinct from v_entry.organization_id;
    end if;
  end if;
  return next;
end $$;

-- For owners and admins; nobody else gets a row. A long log is gone through by several calls, each from the last one's `last_seq`.
create function private.verify_audit_chain(p_organization_id uuid, p_after_seq bigint, p_limit integer)
returns table (checked bigint, last_seq bigint, complete boolean, head_seq bigint, head_hash text, first_at timestamptz,
  fault_kind text, fault_seq bigint, fault_id uuid)
language sql stable security definer set search_path = '' as $$
  select f.* from private.audit_faults(p_organization_id, greatest(p_after_seq, 0), least(greatest(p_limit, 1), 100000)) f
  where p_organization_id in (select private.my_administered_organization_ids())
$$;

create function public.verify_audit_chain(p_organization_id uuid, p_after_seq bigint default 0, p_limit integer default 10000)
returns table (checked bigint, last_seq bigint, complete boolean, head_seq bigint, head_hash text, first_at timestamptz,
  fault_kind text, fault_seq bigint, fault_id uuid)
language sql stable set search_path = '' as $$
  select * from private.verify_audit_chain(p_organization_id, p_after_seq, p_limit)
$$;

-- Entries with the very text that was hashed, in the order of the chain; the caller's own rights decide.
create function public.export_audit_entries(p_organization_id uuid, p_after_seq bigint default 0, p_limit integer default 500)
returns table (seq bigint, prev_hash text, hash text, entry text)
language sql stable set search_path = '' as $$
  select l.seq, l.prev_hash, l.hash, private.audit_canonical(l) from public.audit_log l
  where l.organization_id = p_organization_id and l.seq > p_after_seq
  order by l.seq limit least(greatest(p_limit, 1), 1000)
$$;

revoke all on function private.audit_canonical(public.audit_log), private.audit_hash(text, text), private.audit_chain(),
  private.audit_faults(uuid, bigint, integer), private.verify_audit_chain(uuid, bigint, integer),
  public.verify_audit_chain(uuid, bigint, integer), public.export_audit_entries(uuid, bigint, integer)
  from public, anon, authenticated, service_role;
grant execute on function private.audit_canonical(public.audit_log), private.verify_audit_chain(uuid, bigint, integer),
  public.verify_audit_chain(uuid, bigint, integer), public.export_audit_entries(uuid, bigint, integer) to authenticated;

-- The public keys of what this installation has signed (exports, receipts), so that a document outlives the key that signed it.
-- `endorsement` is the signature of a key that the installation still has: a row that somebody puts here by hand is not
-- published (server/audit/signing-keys.ts).
create table public.signing_keys (
  kid text primary key check (kid ~ '^[A-Za-z0-9_-]{43}$'),
  public_jwk jsonb not null check (jsonb_typeof(public_jwk) = 'object' and not public_jwk ? 'd'),
  endorsement jsonb not null,
  first_used_at timestamptz not null default now()
);
alter table public.signing_keys enable row level security;
alter table public.signing_keys force row level security;
revoke all on table public.signing_keys from public, anon, authenticated, service_role;
grant select, insert, update on table public.signing_keys to service_role;
