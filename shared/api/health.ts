/** Whether connections live, and for how long. */
import type { ForecastCause, HealthAlert, HealthState, NextAction, RenewalState } from '../vocabulary'

export interface Health {
  state: HealthState
  reason: string
  sentence: string
  next_action: NextAction | null
  since: string
}

export interface HealthChange {
  id: string
  /** Null: the first line of a timeline. */
  from_state: HealthState | null
  to_state: HealthState
  from_reason: string | null
  reason: string
  sentence: string
  alert: HealthAlert | null
  at: string
}

export interface ForecastItem { cause: ForecastCause, at: string | null, sentence: string, certain: boolean }
export interface Forecast { ends_at: string | null, causes: ForecastItem[] }
/** One attempt to renew credentials. `slot`: which of a grant's tokens. */
export interface Renewal {
  id: string
  slot: string
  state: RenewalState
  failure: { class: string, code: string } | null
  sent_at: string
  ended_at: string | null
}

export interface HealthReport extends Health {
  last_success_at: string | null
  forecast: Forecast
  changes: HealthChange[]
  renewals: Renewal[]
}

export interface HealthAlertEntry extends Omit<HealthChange, 'alert'> {
  alert: HealthAlert
  integration_id: string
  integration_name: string
  integration_type: string
}

export interface CalendarFeed { id: string, created_at: string, last_read_at: string | null }
export interface NewCalendarFeed extends CalendarFeed { url: string }
