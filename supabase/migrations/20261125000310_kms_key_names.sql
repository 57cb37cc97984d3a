-- A wrap by a KMS names the KMS key that made it, `kms:<ARN>.<blob>`, and is opened with that name, so that KMS itself refuses
-- what was made under another key. Those of before, `kms:<blob>`, go on opening; `npm run keys:rotate` gives them their names.

alter table public.organization_keys drop constraint organization_keys_wrapped_check;
alter table public.organization_keys add constraint organization_keys_wrapped_check check (wrapped
  ~ '^([0-9a-f]{8}:[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]+|kms:([A-Za-z0-9:/_-]+\.)?[A-Za-z0-9+/=]+)$');

-- The installation's secret moves to another KMS key with the others.
alter table public.installation_secrets drop constraint installation_secrets_wrapped_check;
alter table public.installation_secrets add constraint installation_secrets_wrapped_check check (wrapped
  ~ '^kms:([A-Za-z0-9:/_-]+\.)?[A-Za-z0-9+/=]+$');
grant update (wrapped) on table public.installation_secrets to service_role;

-- Those that name no KMS key as well, and with what made each.
drop function public.wraps_to_rewrite(text, uuid, text, integer);
create function public.wraps_to_rewrite(p_kek_id text, p_after_organization_id uuid, p_after_key_id text, p_limit integer)
returns table (organization_id uuid, key_id text, wrapped text, kek_id text)
language sql stable set search_path = '' as $$
  select k.organization_id, k.key_id, k.wrapped, k.kek_id from public.organization_keys k
  where (k.kek_id <> p_kek_id or k.wrapped ~ '^kms:[^.]*$') and (k.organization_id, k.key_id)
    > (coalesce(p_after_organization_id, '00000000-0000-0000-0000-000000000000'), coalesce(p_after_key_id, ''))
  order by k.organization_id, k.key_id limit p_limit
$$;
revoke all on function public.wraps_to_rewrite(text, uuid, text, integer) from public, anon, authenticated, service_role;
grant execute on function public.wraps_to_rewrite(text, uuid, text, integer) to service_role;
