-- At a reconnect as at a scan: a kind of which the provider lists nothing at all, where there was something before, is kept. Whoever
-- connects may see less than whoever connected before, which does not mean that there is less. The scan that follows says so.

create or replace function public.sync_resources(p_integration_id uuid, p_organization_id uuid, p_resources jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.integration_resources (integration_id, organization_id, kind, external_id, name, metadata)
    select p_integration_id, p_organization_id, r.kind, r.external_id, r.name, coalesce(r.metadata, '{}')
    from jsonb_to_recordset(p_resources) as r (kind text, external_id text, name text, metadata jsonb)
    on conflict (integration_id, external_id) do update
      set name = excluded.name, metadata = excluded.metadata, missing_since = null;
  update public.integration_resources set missing_since = now()
    where integration_id = p_integration_id and missing_since is null
      and external_id not in (select r ->> 'external_id' from jsonb_array_elements(p_resources) r)
      and kind in (select r ->> 'kind' from jsonb_array_elements(p_resources) r);
end $$;

revoke all on function public.sync_resources(uuid, uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.sync_resources(uuid, uuid, jsonb) to service_role;
