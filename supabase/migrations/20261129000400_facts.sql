-- What reading the account shows of a grant now, in place of what was known: an account that was left and joined again has another
-- installation, and what the provider tells of that one is to find the grant. Of the version whose token was used: what another
-- consent brought stands.
create function public.note_facts(p_id uuid, p_version bigint, p_facts jsonb) returns void
language sql set search_path = '' as $$
  update public.integrations i set config = i.config || jsonb_build_object('facts', coalesce(i.config -> 'facts', '{}') || p_facts)
    where i.id = p_id and i.version = p_version and not coalesce(i.config -> 'facts', '{}') @> p_facts
$$;

revoke all on function public.note_facts(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.note_facts(uuid, bigint, jsonb) to service_role;
