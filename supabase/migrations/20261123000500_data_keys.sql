-- Data keys: each organization's credentials are encrypted with a key of its own, kept wrapped here by the key-encryption key
-- (server/utils/data-key.ts). Deleting the organization deletes its keys: what was encrypted with them opens no more.
--
-- A key serves at most 2^32 values (NIST SP 800-38D section 8.3): whoever is about to encrypt asks for the key with the number
-- of values, and that number is counted before the key is handed out.

create table public.organization_keys (
  organization_id uuid not null references public.organizations (id) on delete cascade,
  -- The eight digits in front of each value.
  key_id text not null check (key_id ~ '^[0-9a-f]{8}$'),
  -- Under ENCRYPTION_KEY, or by AWS KMS. Never the key itself.
  wrapped text not null check (wrapped ~ '^([0-9a-f]{8}:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]+|kms:[A-Za-z0-9+/=]+)$'),
  kek_id text not null check (kek_id ~ '^([0-9a-f]{8}$|kms:.)'),
  encryptions bigint not null default 0 check (encryptions between 0 and 4294967296),
  created_at timestamptz not null default clock_timestamp(),
  -- Since a newer one encrypts; it still decrypts.
  retired_at timestamptz,
  primary key (organization_id, key_id)
);
create unique index organization_keys_current_idx on public.organization_keys (organization_id) where retired_at is null;
create index organization_keys_kek_id_idx on public.organization_keys (kek_id);

-- How often each key-encryption key has wrapped.
create table public.key_encryption_keys (
  kek_id text primary key,
  encryptions bigint not null default 0 check (encryptions between 0 and 4294967296),
  first_used_at timestamptz not null default now()
);

-- The installation's own secret where no ENCRYPTION_KEY is set and a KMS wraps: cookies and signatures derive from it.
create table public.installation_secrets (
  name text primary key check (name = 'root'),
  wrapped text not null check (wrapped ~ '^kms:[A-Za-z0-9+/=]+$'),
  created_at timestamptz not null default now()
);

-- One row for each change of data keys: an interrupted one is taken up where it stopped.
create table public.key_rotations (
  id uuid primary key default gen_random_uuid(),
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);
create unique index key_rotations_running_idx on public.key_rotations ((true)) where finished_at is null;

alter table public.organization_keys enable row level security;
alter table public.organization_keys force row level security;
alter table public.key_encryption_keys enable row level security;
alter table public.key_encryption_keys force row level security;
alter table public.installation_secrets enable row level security;
alter table public.installation_secrets force row level security;
alter table public.key_rotations enable row level security;
alter table public.key_rotations force row level security;

revoke all on table public.organization_keys, public.key_encryption_keys, public.installation_secrets, public.key_rotations
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on table public.organization_keys to service_role;
grant select, insert, update on table public.key_encryption_keys, public.key_rotations to service_role;
grant select, insert on table public.installation_secrets to service_role;

-- The key that stands in the row's own values, to find them by. Null: no secret is stored, or it names no key.
alter table public.integrations add column credential_key_id text
  generated always as (substring(config ->> 'access_token' from '^([0-9a-f]{8}):')) stored;
create index integrations_credential_key_id_idx on public.integrations (organization_id, credential_key_id);

-- The keys of an organization, the one that encrypts first.
create function public.organization_wraps(p_organization_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('key_id', k.key_id, 'wrapped', k.wrapped, 'retired', k.retired_at is not null)
    order by k.retired_at desc nulls first), '[]')
  from public.organization_keys k where k.organization_id = p_organization_id
$$;

-- Counts what is about to be encrypted. Null: there is no current key, or it has not that many left (`exhausted`).
create function public.reserve_encryptions(p_organization_id uuid, p_count integer)
returns table (keys jsonb, encryptions bigint, exhausted boolean)
language plpgsql set search_path = '' as $$
declare
  v_total bigint;
begin
  update public.organization_keys k set encryptions = k.encryptions + p_count
    where k.organization_id = p_organization_id and k.retired_at is null and k.encryptions + p_count <= 4294967296
    returning k.encryptions into v_total;
  return query select public.organization_wraps(p_organization_id), coalesce(v_total, 0::bigint),
    v_total is null and exists (select 1 from public.organization_keys k
      where k.organization_id = p_organization_id and k.retired_at is null);
end $$;

-- Puts a new key in place of the current one that the caller saw (null: none). False: somebody was faster.
create function public.add_organization_key(
  p_organization_id uuid, p_key_id text, p_wrapped text, p_kek_id text, p_replaces text
) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.organization_keys set retired_at = clock_timestamp()
    where organization_id = p_organization_id and key_id = p_replaces and retired_at is null;
  if p_replaces is not null and not found then
    return false;
  end if;
  insert into public.organization_keys (organization_id, key_id, wrapped, kek_id)
    values (p_organization_id, p_key_id, p_wrapped, p_kek_id) on conflict do nothing;
  if not found then
    -- Undoes the retirement above: a key must be there that encrypts.
    update public.organization_keys set retired_at = null
      where organization_id = p_organization_id and key_id = p_replaces
        and not exists (select 1 from public.organization_keys k where k.organization_id = p_organization_id and k.retired_at is null);
    return false;
  end if;
  perform public.count_wraps(p_kek_id, 1);
  return true;
end $$;

-- The same for several. @returns how many were added
create function public.add_organization_keys(p_items jsonb) returns integer
language plpgsql set search_path = '' as $$
declare
  v_item record;
  v_added integer := 0;
begin
  for v_item in select * from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text, wrapped text, kek_id text, replaces text) loop
    if public.add_organization_key(v_item.organization_id, v_item.key_id, v_item.wrapped, v_item.kek_id, v_item.replaces) then
      v_added := v_added + 1;
    end if;
  end loop;
  return v_added;
end $$;

create function public.count_wraps(p_kek_id text, p_count integer) returns void
language sql set search_path = '' as $$
  insert into public.key_encryption_keys as k (kek_id, encryptions) values (p_kek_id, p_count)
    on conflict (kek_id) do update set encryptions = k.encryptions + excluded.encryptions
$$;

-- Wraps of another key-encryption key, in order, after the one named (null: from the first).
create function public.wraps_to_rewrite(p_kek_id text, p_after_organization_id uuid, p_after_key_id text, p_limit integer)
returns table (organization_id uuid, key_id text, wrapped text)
language sql stable set search_path = '' as $$
  select k.organization_id, k.key_id, k.wrapped from public.organization_keys k
  where k.kek_id <> p_kek_id and (k.organization_id, k.key_id)
    > (coalesce(p_after_organization_id, '00000000-0000-0000-0000-000000000000'), coalesce(p_after_key_id, ''))
  order by k.organization_id, k.key_id limit p_limit
$$;

-- Rewrites wraps that are still the ones that were read. @returns how many
create function public.store_wraps(p_items jsonb, p_kek_id text) returns integer
language plpgsql set search_path = '' as $$
declare
  v_stored integer;
begin
  update public.organization_keys k set wrapped = i.wrapped, kek_id = p_kek_id
    from jsonb_to_recordset(p_items) as i (organization_id uuid, key_id text, seen text, wrapped text)
    where k.organization_id = i.organization_id and k.key_id = i.key_id and k.wrapped = i.seen;
  get diagnostics v_stored = row_count;
  perform public.count_wraps(p_kek_id, jsonb_array_length(p_items));
  return v_stored;
end $$;

-- The change of data keys that is under way, or a new one. One that stopped more than a day ago is not gone on with: whoever
-- asks now wants keys that are newer than that.
create function public.start_key_rotation() returns table (id uuid, started_at timestamptz, resumed boolean)
language plpgsql set search_path = '' as $$
begin
  update public.key_rotations r set finished_at = clock_timestamp()
    where r.finished_at is null and r.started_at < clock_timestamp() - interval '1 day';
  insert into public.key_rotations default values on conflict do nothing;
  if found then
    return query select r.id, r.started_at, false from public.key_rotations r where r.finished_at is null;
  else
    return query select r.id, r.started_at, true from public.key_rotations r where r.finished_at is null;
  end if;
end $$;

-- Organizations whose values are to get a new key: their current one is older than the rotation, or they have none yet.
create function public.organizations_to_rekey(p_before timestamptz, p_limit integer)
returns table (organization_id uuid, key_id text)
language sql stable set search_path = '' as $$
  select o.id, k.key_id from public.organizations o
  left join public.organization_keys k on k.organization_id = o.id and k.retired_at is null
  where (k.key_id is not null and k.created_at < p_before)
    or (k.key_id is null and exists (select 1 from public.integrations i where i.organization_id = o.id))
  order by o.id limit p_limit
$$;

-- Integrations whose values are not under their organization's current key, after `p_after`, with what opens them; what is
-- going to be encrypted is counted (`reserved`; false: the current key has not that many left). A value that names no key (the
-- form allows it) is under none. One call for a batch: with one for each organization, the calls were nine tenths of the time.
-- `keys` stands in the first row of each organization only.
create function public.credentials_to_rotate(p_after uuid, p_limit integer)
returns table (id uuid, organization_id uuid, integration_type text, version bigint, config jsonb, keys jsonb, reserved boolean)
language sql set search_path = '' as $$
  with batch as materialized (
    select i.id, i.organization_id, i.integration_type, i.version, i.config from public.integrations i
    join public.organization_keys k on k.organization_id = i.organization_id and k.retired_at is null
    where i.credential_key_id is distinct from k.key_id and i.config ->> 'access_token' is not null
      and i.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    order by i.id limit p_limit),
  needed as materialized (
    select b.organization_id, sum((select count(*) from jsonb_object_keys(b.config) f where f ~ '_token$')) as encryptions,
      public.organization_wraps(b.organization_id) as keys
    from batch b group by b.organization_id),
  counted as (
    update public.organization_keys k set encryptions = k.encryptions + n.encryptions from needed n
    where k.organization_id = n.organization_id and k.retired_at is null and k.encryptions + n.encryptions <= 4294967296
    returning k.organization_id)
  select b.*, case when row_number() over (partition by b.organization_id order by b.id) = 1 then n.keys end, c.organization_id is not null
  from batch b join needed n using (organization_id) left join counted c using (organization_id) order by b.id
$$;

-- Writes re-encrypted values. The version stays: the credentials are the same ones. What changed meanwhile (a refresh, a
-- reconnect) is left alone and comes up again if it is still under an old key. @returns the ids that were written
create function public.store_rotated_credentials(p_items jsonb) returns setof uuid
language sql set search_path = '' as $$
  update public.integrations i set config = i.config || x.config
  from jsonb_to_recordset(p_items) as x (id uuid, version bigint, config jsonb)
  where i.id = x.id and i.version = x.version
  returning i.id
$$;

-- Retired keys under which nothing is left. A day's grace: somebody may have been about to encrypt with one.
create function public.drop_empty_keys() returns integer
language plpgsql set search_path = '' as $$
declare
  v_dropped integer;
begin
  delete from public.organization_keys k where k.retired_at < now() - interval '1 day'
    and not exists (select 1 from public.integrations i, jsonb_each_text(i.config) f
      where i.organization_id = k.organization_id and f.value like k.key_id || ':%');
  get diagnostics v_dropped = row_count;
  return v_dropped;
end $$;

-- What each key holds: wraps by key-encryption key; values by data key, and by ENCRYPTION_KEY itself from before there were
-- data keys (no organization has such a key). One row for each key of each kind.
create function public.key_census()
returns table (kind text, key_id text, held bigint, encryptions bigint, organizations bigint)
language sql stable set search_path = '' as $$
  select 'wrap', k.kek_id, count(*), coalesce(max(c.encryptions), 0), count(distinct k.organization_id)
    from public.organization_keys k left join public.key_encryption_keys c on c.kek_id = k.kek_id group by k.kek_id
  union all
  select 'data_key', k.key_id, coalesce(sum(v.held), 0)::bigint, sum(k.encryptions)::bigint, 1
    from public.organization_keys k left join lateral (
      select count(*) as held from public.integrations i, jsonb_each_text(i.config) f
      where i.organization_id = k.organization_id and f.value like k.key_id || ':%'
        and f.value ~ '^[0-9a-f]{8}:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.') v on true
    group by k.organization_id, k.key_id
  union all
  select 'direct', substring(f.value from '^([0-9a-f]{8}):'), count(*), 0::bigint, count(distinct i.organization_id)
    from public.integrations i, jsonb_each_text(i.config) f
    where f.value ~ '^[0-9a-f]{8}:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.'
      and not exists (select 1 from public.organization_keys k
        where k.organization_id = i.organization_id and f.value like k.key_id || ':%')
    group by 2
$$;

-- The same question at each start, by the rows' own index: which keys does this installation need?
create function public.keys_needed() returns table (kind text, key_id text, held bigint)
language sql stable set search_path = '' as $$
  select 'wrap', k.kek_id, count(*) from public.organization_keys k group by k.kek_id
  union all
  select 'direct', i.credential_key_id, count(*) from public.integrations i
    where i.credential_key_id is not null and not exists (select 1 from public.organization_keys k
      where k.organization_id = i.organization_id and k.key_id = i.credential_key_id)
    group by i.credential_key_id
$$;

revoke all on function public.organization_wraps(uuid), public.reserve_encryptions(uuid, integer),
  public.add_organization_key(uuid, text, text, text, text), public.add_organization_keys(jsonb), public.count_wraps(text, integer),
  public.wraps_to_rewrite(text, uuid, text, integer), public.store_wraps(jsonb, text), public.start_key_rotation(),
  public.organizations_to_rekey(timestamptz, integer), public.credentials_to_rotate(uuid, integer),
  public.store_rotated_credentials(jsonb), public.drop_empty_keys(), public.key_census(), public.keys_needed()
  from public, anon, authenticated, service_role;
grant execute on function public.organization_wraps(uuid), public.reserve_encryptions(uuid, integer),
  public.add_organization_key(uuid, text, text, text, text), public.add_organization_keys(jsonb), public.count_wraps(text, integer),
  public.wraps_to_rewrite(text, uuid, text, integer), public.store_wraps(jsonb, text), public.start_key_rotation(),
  public.organizations_to_rekey(timestamptz, integer), public.credentials_to_rotate(uuid, integer),
  public.store_rotated_credentials(jsonb), public.drop_empty_keys(), public.key_census(), public.keys_needed()
  to service_role;
