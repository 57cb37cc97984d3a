-- Verifying the audit log in bounded steps. Going over the chain was done in pages already; but to name a broken entry, one
-- statement tried every number that the log has, and looked through all of it for a hash: on a large log longer than a statement
-- may take. Now a page says what is wrong with its first broken entry, and who asks looks for the entry's own place in chunks.

-- The first broken entry after p_after_seq among the next p_limit ones, or none:
--
--   misfit     its hash does not fit its content: altered, or written as another number (audit_entry_elsewhere tells)
--   unchained  whole, but chained to another entry than the one before it: moved here from its place (audit_entry_elsewhere tells),
--              or the one before it, before_id, was altered and hashed anew
--   altered    the last one, and not the one that the log ended with
--   removed    its number is missing, in the middle or at the end; its id is not known any more
--   inserted   it stands where the chain has no place for it: a number twice, or after the end
--
-- `checked` entries were looked at, up to number `last_seq`; `complete`: those were all. The entry at p_after_seq, which the call
-- before this one has checked, is what the first one is held against.
drop function public.verify_audit_chain(uuid, bigint, integer);
drop function private.verify_audit_chain(uuid, bigint, integer);
drop function private.audit_faults(uuid, bigint, integer);
create function private.audit_faults(p_organization_id uuid, p_after_seq bigint, p_limit integer)
returns table (checked bigint, last_seq bigint, complete boolean, head_seq bigint, head_hash text, first_at timestamptz,
  fault_kind text, fault_seq bigint, fault_id uuid, before_id uuid)
language plpgsql stable set search_path = '' as $$
begin
  select h.seq, h.hash into head_seq, head_hash from public.audit_heads h where h.organization_id = p_organization_id;
  head_seq := coalesce(head_seq, 0);
  head_hash := coalesce(head_hash, repeat('0', 64));

  -- Two halves, of which one is empty, so that each has the index whatever the plan was made for.
  with entries as (
    (select l.* from public.audit_log l where l.organization_id = p_organization_id and l.seq >= p_after_seq
      order by l.seq limit p_limit + (p_after_seq > 0)::integer)
    union all
    (select l.* from public.audit_log l where p_organization_id = '00000000-0000-0000-0000-000000000000'
      and l.organization_id is null and l.seq >= p_after_seq
      order by l.seq limit p_limit + (p_after_seq > 0)::integer)
  ), chain as (
    select e.seq, e.id, e.created_at, e.prev_hash, e.hash,
      e.hash = encode(sha256(convert_to(e.prev_hash || E'\n' || private.audit_canonical(e), 'UTF8')), 'hex') as fits,
      coalesce(lag(e.seq) over w, greatest(p_after_seq - 1, 0)) as before_seq,
      coalesce(lag(e.hash) over w, repeat('0', 64)) as before_hash, lag(e.id) over w as before_id
    from entries e window w as (order by e.seq)
  ), judged as (
    select c.*, case
      when c.seq = c.before_seq or c.seq > head_seq then 'inserted'
      when c.seq <> c.before_seq + 1 then 'removed'
      when not c.fits then 'misfit'
      when c.prev_hash <> c.before_hash then 'unchained'
      when c.seq = head_seq and c.hash <> head_hash then 'altered'
    end as kind
    from chain c where c.seq > p_after_seq
  ), facts as (
    select count(*) as checked, max(j.seq) as last_seq, min(j.created_at) as first_at from judged j
  )
  select f.checked, coalesce(f.last_seq, p_after_seq), f.checked < p_limit, f.first_at,
    b.kind, case b.kind when 'removed' then b.before_seq + 1 else b.seq end, case when b.kind <> 'removed' then b.id end, b.before_id
  into checked, last_seq, complete, first_at, fault_kind, fault_seq, fault_id, before_id
  from facts f left join lateral (select * from judged j where j.kind is not null order by j.seq limit 1) b on true;

  if fault_kind is null and complete and last_seq < head_seq then
    fault_kind := 'removed';
    fault_seq := last_seq + 1;
  end if;
  return next;
end $$;

-- Whether a misfit or unchained entry has a place among the p_limit numbers after p_after_seq: a misfit one, whose hash fits when
-- it has that number; an unchained one, when the entry that it is chained to stands there. Null: past the end of the log.
create function private.audit_entry_elsewhere(p_organization_id uuid, p_entry_id uuid, p_after_seq bigint, p_limit integer)
returns boolean
language plpgsql stable set search_path = '' as $$
declare
  v_none constant uuid := '00000000-0000-0000-0000-000000000000';
  v_end bigint;
  v_to bigint := p_after_seq + p_limit;
  v_entry public.audit_log;
  v_text text;
  v_at integer;
begin
  select greatest((select h.seq from public.audit_heads h where h.organization_id = p_organization_id),
    (select max(l.seq) from public.audit_log l where l.organization_id = p_organization_id),
    (select max(l.seq) from public.audit_log l where p_organization_id = v_none and l.organization_id is null)) into v_end;
  select * into v_entry from public.audit_log l where l.id = p_entry_id and coalesce(l.organization_id, v_none) = p_organization_id;
  if v_entry.id is null or p_after_seq >= v_end then
    return null;
  end if;
  v_text := private.audit_canonical(v_entry);
  if v_entry.hash = private.audit_hash(v_entry.prev_hash, v_text) then
    return exists (select from public.audit_log l where l.organization_id = p_organization_id
        and l.seq > p_after_seq and l.seq <= v_to and l.hash = v_entry.prev_hash)
      or exists (select from public.audit_log l where p_organization_id = v_none and l.organization_id is null
        and l.seq > p_after_seq and l.seq <= v_to and l.hash = v_entry.prev_hash);
  end if;
  -- Only the number changes: the first `"seq": ` is the key, since quotes within a text have a backslash before them, and what
  -- may hold keys of its own (detail) comes later.
  v_at := strpos(v_text, '"seq": ') + length('"seq": ');
  return exists (select from generate_series(p_after_seq + 1, least(v_to, v_end)) number
    where number <> v_entry.seq and decode(v_entry.hash, 'hex') = sha256(convert_to(v_entry.prev_hash || E'\n'
      || left(v_text, v_at - 1) || number || substr(v_text, v_at + length(v_entry.seq::text)), 'UTF8')));
end $$;

-- For owners and admins; nobody else gets a row. A long log is gone through by several calls, each from the last one's `last_seq`.
create function private.verify_audit_chain(p_organization_id uuid, p_after_seq bigint, p_limit integer)
returns table (checked bigint, last_seq bigint, complete boolean, head_seq bigint, head_hash text, first_at timestamptz,
  fault_kind text, fault_seq bigint, fault_id uuid, before_id uuid)
language sql stable security definer set search_path = '' as $$
  select f.* from private.audit_faults(p_organization_id, greatest(p_after_seq, 0), least(greatest(p_limit, 1), 10000)) f
  where p_organization_id in (select private.my_administered_organization_ids())
$$;

create function public.verify_audit_chain(p_organization_id uuid, p_after_seq bigint default 0, p_limit integer default 10000)
returns table (checked bigint, last_seq bigint, complete boolean, head_seq bigint, head_hash text, first_at timestamptz,
  fault_kind text, fault_seq bigint, fault_id uuid, before_id uuid)
language sql stable set search_path = '' as $$
  select * from private.verify_audit_chain(p_organization_id, p_after_seq, p_limit)
$$;

-- The same for where an entry belongs: each call from p_after_seq + p_limit of the one before, until it is true or null.
create function private.find_audit_entry(p_organization_id uuid, p_entry_id uuid, p_after_seq bigint, p_limit integer)
returns boolean
language sql stable security definer set search_path = '' as $$
  select private.audit_entry_elsewhere(p_organization_id, p_entry_id, greatest(p_after_seq, 0), least(greatest(p_limit, 1), 100000))
  where p_organization_id in (select private.my_administered_organization_ids())
$$;

create function public.find_audit_entry(p_organization_id uuid, p_entry_id uuid, p_after_seq bigint, p_limit integer)
returns boolean
language sql stable set search_path = '' as $$
  select private.find_audit_entry(p_organization_id, p_entry_id, p_after_seq, p_limit)
$$;

revoke all on function private.audit_faults(uuid, bigint, integer), private.audit_entry_elsewhere(uuid, uuid, bigint, integer),
  private.verify_audit_chain(uuid, bigint, integer), public.verify_audit_chain(uuid, bigint, integer),
  private.find_audit_entry(uuid, uuid, bigint, integer), public.find_audit_entry(uuid, uuid, bigint, integer)
  from public, anon, authenticated, service_role;
grant execute on function private.verify_audit_chain(uuid, bigint, integer), public.verify_audit_chain(uuid, bigint, integer),
  private.find_audit_entry(uuid, uuid, bigint, integer), public.find_audit_entry(uuid, uuid, bigint, integer) to authenticated;
