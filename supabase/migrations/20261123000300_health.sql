-- Health: one state per integration, derived from the last real calls by one function; a timeline of its changes, some of
-- which are alerts; and the addresses of calendar feeds.
--
-- The state is a column, so that lists, counts and alerts agree on it, and nobody writes it: a trigger derives it anew at
-- every write of the row. What changes with the clock alone (old news) is swept by `mark_unverified`.

-- How long the last success speaks for a connection: after that it must not show green. server/integrations/health.ts
-- has the same number.
create function private.verification_lasts() returns interval
language sql immutable set search_path = '' as $$ select interval '72 hours' $$;

create function private.health_of(
  p_status text, p_last_error jsonb, p_last_success_at timestamptz, p_now timestamptz, out state text, out reason text
)
language sql stable set search_path = '' as $$
  select
    case
      when p_status = 'error' or p_last_error ->> 'class' = 'dead_grant' then 'action_required'
      when p_last_error is not null then 'degraded'
      when p_status = 'paused' or p_last_success_at is null then 'unknown'
      when p_last_success_at < p_now - private.verification_lasts() then 'unknown'
      else 'healthy' end,
    case
      when p_status = 'error' or p_last_error is not null then coalesce(p_last_error ->> 'code', 'unknown')
      when p_status = 'paused' then 'paused'
      when p_last_success_at is null then 'not_used_yet'
      when p_last_success_at < p_now - private.verification_lasts() then 'not_verified'
      else 'ok' end
$$;

alter table public.integrations
  add column health_state text not null default 'unknown'
    check (health_state in ('healthy', 'degraded', 'action_required', 'unknown')),
  add column health_reason text not null default 'not_used_yet',
  -- When the state (not merely its reason) last changed.
  add column health_since timestamptz not null default now();
grant select (health_state, health_reason, health_since) on table public.integrations to authenticated;
create index integrations_unverified_idx on public.integrations (last_success_at) where health_state = 'healthy';

create table public.health_changes (
  id uuid primary key default gen_random_uuid(),
  integration_id uuid not null,
  organization_id uuid not null,
  -- Null: the first line of a timeline.
  from_state text,
  to_state text not null,
  from_reason text,
  reason text not null,
  at timestamptz not null default clock_timestamp(),
  -- Somebody should know: a change of state, never of a reason alone.
  alert text check (alert in ('action_required', 'degraded', 'recovered')),
  -- Of an alert: when the operator's webhook took it, how often it was tried, and when it may be tried again. Also the
  -- lease of whoever is trying, by the database's clock.
  delivered_at timestamptz,
  delivery_attempts integer not null default 0,
  delivery_due_at timestamptz,
  foreign key (integration_id, organization_id) references public.integrations (id, organization_id) on delete cascade
);
create index health_changes_timeline_idx on public.health_changes (integration_id, at desc, id desc);
create index health_changes_organization_idx on public.health_changes (organization_id, at desc, id desc);
create index health_changes_undelivered_idx on public.health_changes (at) where alert is not null and delivered_at is null;

-- The addresses are capabilities, for calendar apps, which send no cookies. One per organization.
create table public.calendar_feeds (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null unique references public.organizations (id) on delete cascade,
  created_by uuid references auth.users (id) on delete set null,
  -- SHA-256 of the address's token, hex: the address itself is shown once and kept nowhere.
  token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now(),
  last_read_at timestamptz
);
create index calendar_feeds_created_by_idx on public.calendar_feeds (created_by);

alter table public.health_changes enable row level security;
alter table public.health_changes force row level security;
alter table public.calendar_feeds enable row level security;
alter table public.calendar_feeds force row level security;

revoke all on table public.health_changes, public.calendar_feeds from public, anon, authenticated, service_role;
grant select (id, integration_id, organization_id, from_state, to_state, from_reason, reason, at, alert)
  on table public.health_changes to authenticated;
-- No insert and no delete, for anybody: the trigger below writes the timeline, and it goes with its integration.
grant select on table public.health_changes to service_role;
grant update (delivered_at, delivery_attempts, delivery_due_at) on table public.health_changes to service_role;
-- Not token_hash: nobody needs to read it back.
grant select (id, organization_id, created_by, created_at, last_read_at) on table public.calendar_feeds to authenticated;
grant insert (organization_id, created_by, token_hash) on table public.calendar_feeds to authenticated;
grant delete on table public.calendar_feeds to authenticated;
grant select, insert, update, delete on table public.calendar_feeds to service_role;

create policy "members read the timeline" on public.health_changes for select to authenticated
  using (organization_id = any (array(select private.my_organization_ids())));
create policy "admins see that there is a calendar" on public.calendar_feeds for select to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));
create policy "admins make a calendar" on public.calendar_feeds for insert to authenticated
  with check (organization_id = any (array(select private.my_administered_organization_ids()))
    and created_by = (select auth.uid()));
create policy "admins revoke a calendar" on public.calendar_feeds for delete to authenticated
  using (organization_id = any (array(select private.my_administered_organization_ids())));

-- Kept by the database ------------------------------------------------------------------------------------------------

create function private.integration_health() returns trigger
language plpgsql set search_path = '' as $$
declare
  v record;
begin
  v := private.health_of(new.status, new.last_error, new.last_success_at, clock_timestamp());
  if tg_op = 'UPDATE' then
    -- An error whose words were taken away on the way to `active` is still the one that it was.
    if v.state = 'action_required' and v.reason = 'unknown' and old.health_state = v.state then
      v.reason := old.health_reason;
    end if;
    new.health_since := case when v.state = old.health_state then old.health_since
      else greatest(clock_timestamp(), old.health_since + interval '1 microsecond') end;
  else
    new.health_since := clock_timestamp();
  end if;
  new.health_state := v.state;
  new.health_reason := v.reason;
  return new;
end $$;
-- After integration_before_write: triggers run in the order of their names.
create trigger integration_health before insert or update on public.integrations
  for each row execute function private.integration_health();

-- Above the caller's rights, since nobody may write the timeline by hand.
create function private.note_health_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_alert text;
begin
  if tg_op = 'INSERT' then
    insert into public.health_changes (integration_id, organization_id, to_state, reason, at)
      values (new.id, new.organization_id, new.health_state, new.health_reason, new.health_since);
    return null;
  end if;
  if new.health_state <> old.health_state then
    v_alert := case
      when new.health_state in ('action_required', 'degraded') then new.health_state
      -- Also over `unknown` (a pause, a silence): what was told to be broken is told to be well again.
      when new.health_state = 'healthy' and old.health_state <> 'unknown' then 'recovered'
      when new.health_state = 'healthy' and (
        select c.alert <> 'recovered' from public.health_changes c
        where c.integration_id = new.id and c.alert is not null order by c.at desc, c.id desc limit 1) then 'recovered'
      end;
  end if;
  -- Always after the line before, whatever the clock says: some count in milliseconds, and clocks are set back.
  insert into public.health_changes (integration_id, organization_id, from_state, to_state, from_reason, reason, at, alert)
    select new.id, new.organization_id, old.health_state, new.health_state, old.health_reason, new.health_reason,
      greatest(case when new.health_state = old.health_state then clock_timestamp() else new.health_since end,
        max(c.at) + interval '1 microsecond'), v_alert
    from public.health_changes c where c.integration_id = new.id;
  return null;
end $$;

-- What is there already: its state, and the first line of its timeline. Nothing of it is news.
update public.integrations i set health_state = h.state, health_reason = h.reason
  from (select id, (private.health_of(status, last_error, last_success_at, now())).* from public.integrations) h
  where h.id = i.id;
insert into public.health_changes (integration_id, organization_id, to_state, reason, at, alert, delivered_at)
  select id, organization_id, health_state, health_reason, health_since,
    case when health_state in ('action_required', 'degraded') then health_state end,
    case when health_state in ('action_required', 'degraded') then now() end
  from public.integrations;

create trigger integration_health_first after insert on public.integrations
  for each row execute function private.note_health_change();
create trigger integration_health_change after update on public.integrations
  for each row when (old.health_state <> new.health_state or old.health_reason <> new.health_reason)
  execute function private.note_health_change();

-- The sweep: what is green on old news. The trigger says what it is instead. Rows that somebody is writing right now are
-- left to them. Returns how many there were.
create function public.mark_unverified() returns integer
language plpgsql set search_path = '' as $$
declare
  v_count integer;
begin
  with old_news as (
    select id from public.integrations
    where health_state = 'healthy' and last_success_at < now() - private.verification_lasts()
    for update skip locked
  )
  update public.integrations i set health_state = 'unknown' from old_news where i.id = old_news.id;
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- Alerts on their way out (service role) -------------------------------------------------------------------------------

-- What the operator's webhook has not got. After three days an alert is old news, and stays in the list of alerts.
create function public.undelivered_alerts(p_limit integer) returns setof uuid
language sql stable set search_path = '' as $$
  select id from public.health_changes
  where alert is not null and delivered_at is null and at > now() - interval '3 days'
    and (delivery_due_at is null or delivery_due_at <= clock_timestamp())
  order by at limit p_limit
$$;

-- True: the caller, and nobody else, delivers it within p_seconds; after that another may.
create function public.claim_alert(p_id uuid, p_seconds integer) returns boolean
language plpgsql set search_path = '' as $$
begin
  update public.health_changes set delivery_attempts = delivery_attempts + 1,
      delivery_due_at = clock_timestamp() + make_interval(secs => p_seconds)
    where id = p_id and alert is not null and delivered_at is null
      and (delivery_due_at is null or delivery_due_at <= clock_timestamp());
  return found;
end $$;

-- The first tries follow on each other as the queue says; then the pauses grow, from a minute to six hours.
create function public.alert_failed(p_id uuid) returns void
language sql set search_path = '' as $$
  update public.health_changes set delivery_due_at = clock_timestamp() + case when delivery_attempts < 4 then interval '0'
      else least(interval '1 minute' * power(2, least(delivery_attempts - 4, 20)), interval '6 hours') end
    where id = p_id and delivered_at is null
$$;

-- The overview, by the column ------------------------------------------------------------------------------------------

create or replace function public.overview(p_organization_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  with mine as (
    select i.id, i.status, i.next_check_at, case
        when i.health_reason = 'paused' then 'paused'
        -- Between two sweeps.
        when i.health_state = 'healthy' and i.last_success_at < now() - private.verification_lasts() then 'unknown'
        else i.health_state end as health
    from public.integrations i where i.organization_id = p_organization_id
  ), newest as (
    select distinct on (a.integration_id) a.counts, a.finished_at from public.assessments a
    where a.organization_id = p_organization_id and a.status = 'completed'
    order by a.integration_id, a.created_at desc
  ), totals as (
    select coalesce(sum((counts ->> 'pass')::int), 0) as pass, coalesce(sum((counts ->> 'fail')::int), 0) as fail,
      coalesce(sum((counts ->> 'error')::int), 0) as error,
      coalesce(sum((counts ->> 'not_applicable')::int), 0) as not_applicable, max(finished_at) as last_scan_at
    from newest
  ), open_findings as (
    select f.severity, count(*) as n from public.findings f
    where f.organization_id = p_organization_id and f.status = 'open' group by f.severity
  ), health as (
    select health, count(*) as n from mine group by health
  )
  select jsonb_build_object(
    'score', case when pass + fail > 0 then floor(100.0 * pass / (pass + fail)) end,
    'counts', jsonb_build_object('pass', pass, 'fail', fail, 'error', error, 'not_applicable', not_applicable),
    'findings', jsonb_build_object('critical', 0, 'high', 0, 'medium', 0, 'low', 0)
      || coalesce((select jsonb_object_agg(severity, n) from open_findings), '{}'),
    'integrations', jsonb_build_object('total', (select count(*) from mine), 'healthy', 0, 'degraded', 0,
        'action_required', 0, 'unknown', 0, 'paused', 0)
      || coalesce((select jsonb_object_agg(health, n) from health), '{}'),
    'last_scan_at', last_scan_at,
    'next_scan_at', (select min(next_check_at) from mine where status = 'active'))
  from totals
$$;

revoke all on function private.verification_lasts(), private.health_of(text, jsonb, timestamptz, timestamptz),
  private.integration_health(), private.note_health_change(), public.mark_unverified(),
  public.undelivered_alerts(integer), public.claim_alert(uuid, integer), public.alert_failed(uuid)
  from public, anon, authenticated, service_role;
grant execute on function private.verification_lasts() to authenticated, service_role;
grant execute on function private.health_of(text, jsonb, timestamptz, timestamptz) to service_role;
grant execute on function public.mark_unverified(), public.undelivered_alerts(integer),
  public.claim_alert(uuid, integer), public.alert_failed(uuid)
  to service_role;
