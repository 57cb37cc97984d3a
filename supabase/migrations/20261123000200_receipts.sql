-- Receipts of removed integrations: what became of each token at the provider and what was deleted here, signed by the
-- application (server/integrations/receipt.ts). And the end of an organization.
--
-- A removal is one transaction that checks, counts, deletes and leaves the receipt. It is the only way to delete an
-- integration: a bare DELETE through the data API would leave the grant standing, and no receipt and no line in the log.

create table public.disconnect_receipts (
  id uuid primary key default gen_random_uuid(),
  -- No foreign keys: a receipt outlives what it speaks of.
  organization_id uuid not null,
  integration_id uuid not null,
  integration_type text not null,
  name text not null,
  -- What is signed; never a credential.
  payload jsonb not null check (jsonb_typeof(payload) = 'object'),
  -- {alg, kid, value}. Null between the deletion and the signing; whoever reads it then signs it.
  signature jsonb check (jsonb_typeof(signature) = 'object'),
  created_at timestamptz not null default now()
);
create index disconnect_receipts_list_idx on public.disconnect_receipts (organization_id, created_at desc, id desc);

alter table public.disconnect_receipts enable row level security;
alter table public.disconnect_receipts force row level security;

revoke all on table public.disconnect_receipts from public, anon, authenticated, service_role;
grant select on table public.disconnect_receipts to authenticated;
grant select, insert, update (signature) on table public.disconnect_receipts to service_role;

create policy "admins read receipts" on public.disconnect_receipts for select to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));

-- Append-only twice over, as the audit log is; but for the signature, which is set once.
create function private.receipt_is_append_only() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and old.signature is null and new.signature is not null
    and to_jsonb(new) - 'signature' = to_jsonb(old) - 'signature' then
    return new;
  end if;
  raise exception 'disconnect_receipts is append-only' using errcode = '42501';
end $$;
revoke all on function private.receipt_is_append_only() from public, anon, authenticated, service_role;
create trigger append_only before update or delete on public.disconnect_receipts
  for each row execute function private.receipt_is_append_only();
create trigger append_only_truncate before truncate on public.disconnect_receipts
  for each statement execute function private.receipt_is_append_only();

-- The credential room (service role) -----------------------------------------------------------------------------------

drop policy "admins remove integrations" on public.integrations;
revoke delete on table public.integrations from authenticated;

-- Deletes an integration and all that hangs on it, for somebody who administers its organization, and leaves the receipt
-- with what was deleted and when. No row: there is no such integration there, or the actor may not.
create function public.remove_integration(p_id uuid, p_organization_id uuid, p_actor uuid, p_receipt jsonb)
returns table (receipt_id uuid, payload jsonb)
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_receipt uuid := gen_random_uuid();
  v_deleted jsonb;
begin
  if not exists (select 1 from public.user_organizations m
    where m.user_id = p_actor and m.organization_id = p_organization_id and m.role in ('owner', 'admin')) then
    return;
  end if;
  -- In the order in which a scan that ends takes them; nothing is added to what is counted from here on.
  perform 1 from public.assessments a
    where a.integration_id = p_id and a.organization_id = p_organization_id order by a.id for update;
  select * into v from public.integrations i where i.id = p_id and i.organization_id = p_organization_id for update;
  if v.id is null then
    return;
  end if;
  v_deleted := jsonb_build_object(
    'credentials', (select count(*) from jsonb_each_text(v.config) c
      where c.value ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]*$'),
    'resources', (select count(*) from public.integration_resources r where r.integration_id = v.id),
    'assessments', (select count(*) from public.assessments a where a.integration_id = v.id),
    'results', (select count(*) from public.assessment_results r
      join public.assessments a on a.id = r.assessment_id where a.integration_id = v.id),
    'findings', (select count(*) from public.findings f where f.integration_id = v.id),
    'at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
  delete from public.integrations i where i.id = v.id;
  return query insert into public.disconnect_receipts as d
      (id, organization_id, integration_id, integration_type, name, payload)
    values (v_receipt, v.organization_id, v.id, v.integration_type, v.name,
      p_receipt || jsonb_build_object('id', v_receipt, 'deleted', v_deleted))
    returning d.id, d.payload;
end $$;

-- Deletes an organization without integrations and all that hangs on it, for one of its owners: `deleted`, `not_found`
-- (or not an owner's), or `has_integrations`, whose grants have to be ended first.
create function public.delete_organization(p_id uuid, p_actor uuid) returns text
language plpgsql set search_path = '' as $$
begin
  -- Whoever connects a service meanwhile waits for this lock.
  perform 1 from public.organizations o where o.id = p_id for update;
  if not exists (select 1 from public.user_organizations m
    where m.user_id = p_actor and m.organization_id = p_id and m.role = 'owner') then
    return 'not_found';
  end if;
  if exists (select 1 from public.integrations i where i.organization_id = p_id) then
    return 'has_integrations';
  end if;
  delete from public.organizations o where o.id = p_id;
  return 'deleted';
end $$;

revoke all on function public.remove_integration(uuid, uuid, uuid, jsonb), public.delete_organization(uuid, uuid)
  from public, anon, authenticated, service_role;
grant execute on function public.remove_integration(uuid, uuid, uuid, jsonb), public.delete_organization(uuid, uuid)
  to service_role;
