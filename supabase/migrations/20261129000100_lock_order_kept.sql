-- The order of locks (20261125000100_lock_order.sql) as it is since then:
--
--   accounts (lock_account), waiting deliveries (both advisory) → pending connections that are confirmed → organizations
--     → assessments → integrations → organization_keys → key_encryption_keys → refresh_journal → what else hangs on an integration
--     (resources, findings, results, signals, health_changes, pending connections whose wanted integration goes) → audit_heads
--
-- Of one table several rows by their key, and audit entries of several organizations by organization, at the end: an entry locks
-- its organization's head until the transaction ends. What hangs on an integration is in no order: whoever takes several of those
-- rows has the integration.
--
-- An assessment and its integration: both are locked before the assessment is changed. An open assessment keeps another one
-- out by a unique index; `on conflict do nothing` waits there for one that is being added or changed, and not for one that is
-- merely locked. So whoever has the integration may add one (store_connection, claim_due_integrations, claim_webhook_scans):
-- whoever changes an open one has the integration already, or never wants it. And they lock the integration `for no key update`:
-- request_scan adds one with nothing locked, and its foreign key must not wait for them.
--
-- Measured by tests/integration/lock-order: every function that takes rows of several of these tables stands there, or it fails.

-- As before; a transaction that Postgres ends in favour of another is not a log that fails: it is to be asked again.
create or replace function private.write_audit(p_organization_id uuid, p_entry jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  insert into public.audit_log (organization_id, actor_type, actor_id, actor_email, action, target_type, target_id, detail, ip,
      user_agent, request_id)
    select p_organization_id, e.actor_type, e.actor_id, e.actor_email, e.action, e.target_type, e.target_id,
      coalesce(e.detail, '{}'), e.ip, e.user_agent, e.request_id
    from jsonb_to_record(coalesce(p_entry, '{}')) as e (actor_type text, actor_id uuid, actor_email text, action text, target_type text,
      target_id text, detail jsonb, ip text, user_agent text, request_id text);
exception
  when deadlock_detected or serialization_failure then
    raise;
  when others then
    raise exception 'audit_unavailable' using errcode = 'P0001', detail = sqlstate || ': ' || sqlerrm;
end $$;

-- As before, by the function that all others write their entries with.
create or replace function public.take_credential(p_id uuid, p_audit jsonb default null, p_fresh_until timestamptz default null)
returns jsonb
language plpgsql set search_path = '' as $$
declare
  v_row jsonb;
  v_organization_id uuid;
  v_audited boolean;
begin
  select i.organization_id, p_audit is not null and (p_fresh_until is null or i.config ->> 'expires_at' is null
        or (i.config ->> 'expires_at')::timestamptz >= p_fresh_until),
      private.credential_row(i)
    into v_organization_id, v_audited, v_row from public.integrations i where i.id = p_id;
  if v_row is null then
    return null;
  end if;
  if v_audited then
    perform private.write_audit(v_organization_id, p_audit);
  end if;
  return v_row || jsonb_build_object('audited', v_audited);
end $$;

-- As before, with the integration locked before the assessment is changed.
create or replace function public.fail_assessment(p_id uuid, p_owner text, p_error jsonb, p_audit jsonb) returns boolean
language plpgsql set search_path = '' as $$
declare
  v public.assessments;
begin
  select * into v from public.assessments where id = p_id and lease_owner = p_owner and status = 'running' for no key update;
  if v.id is null then
    return false;
  end if;
  update public.integrations set last_checked_at = now() where id = v.integration_id;
  update public.assessments set status = 'failed', error = p_error, finished_at = now(), lease_owner = null, lease_until = null
    where id = p_id;
  perform private.write_audit(v.organization_id, p_audit);
  return true;
end $$;

-- As before; `for update` made the foreign key of somebody's own assessment wait, and this for that assessment.
create or replace function public.claim_webhook_scans(p_limit integer) returns setof uuid
language sql set search_path = '' as $$
  with due as (
    select i.id from public.integrations i
    where i.webhook_scan_due_at <= clock_timestamp() and i.status = 'active'
      and not exists (select from public.assessments a where a.integration_id = i.id and a.status in ('queued', 'running'))
    order by i.id limit p_limit for no key update of i skip locked
  ), moved as (
    update public.integrations i set webhook_scan_due_at = null from due where i.id = due.id returning i.id, i.organization_id
  )
  insert into public.assessments as a (organization_id, integration_id, trigger)
    select moved.organization_id, moved.id, 'webhook' from moved
    on conflict (integration_id) where status in ('queued', 'running') do nothing
    returning a.id
$$;
