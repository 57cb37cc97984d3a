-- What a call of the provider's API says of a connection. It heals and harms what such calls said before, and nothing that the
-- token endpoint said; of the version whose token was sent, and of nothing newer.

-- The API took the token, at p_answered_at by the caller's clock, as `last_error.at` is.
create function public.note_success(p_id uuid, p_version bigint, p_answered_at timestamptz) returns void
language plpgsql set search_path = '' as $$
declare
  v public.integrations;
  v_over boolean;
begin
  select * into v from public.integrations where id = p_id and version = p_version for no key update;
  if v.id is null then
    return;
  end if;
  v_over := v.last_error is null
    or (v.last_error ->> 'call' = 'api' and coalesce((v.last_error ->> 'at')::timestamptz, '-infinity') < p_answered_at);
  update public.integrations i set last_success_at = greatest(i.last_success_at, p_answered_at),
      last_error = case when v_over then null else i.last_error end,
      status = case when v_over and i.status = 'error' then 'active' else i.status end
    where i.id = p_id;
end $$;

-- The API refused a token that was fresh. False: the row has another one by now, or is gone; nothing is written then.
create function public.note_refusal(p_id uuid, p_version bigint, p_error jsonb, p_audit jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v_organization uuid;
begin
  update public.integrations i set last_error = p_error, status = case when i.status = 'active' then 'error' else i.status end
    where i.id = p_id and i.version = p_version returning i.organization_id into v_organization;
  if v_organization is null then
    return false;
  end if;
  perform private.write_audit(v_organization, p_audit);
  return true;
end $$;

-- As before; that the API could not be reached is said only where nothing worse is known.
create or replace function public.note_probe(
  p_id uuid, p_version bigint, p_error jsonb, p_failed boolean, p_refresh_due_at timestamptz, p_refresh_slot text
) returns void
language sql set search_path = '' as $$
  update public.integrations i set refresh_due_at = p_refresh_due_at, refresh_slot = p_refresh_slot,
      last_error = case when p_error is null
          or (i.last_error is not null and (i.last_error ->> 'class' = 'dead_grant' or i.last_error ->> 'call' is distinct from 'api'))
        then i.last_error else p_error end,
      refresh_failures = case when p_failed then i.refresh_failures + 1 else 0 end
    where i.id = p_id and i.version = p_version
$$;

revoke all on function public.note_success(uuid, bigint, timestamptz), public.note_refusal(uuid, bigint, jsonb, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.note_success(uuid, bigint, timestamptz), public.note_refusal(uuid, bigint, jsonb, jsonb)
  to service_role;
