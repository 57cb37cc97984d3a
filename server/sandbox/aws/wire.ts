/** The answers in the protocols that the services speak: query and EC2 with XML, JSON 1.1, and REST with either. */
import { randomUUID } from 'node:crypto'
import { escape } from '../kit/page'
import { answersOf } from '../kit/http'
import type { JsonValue } from '../store'

export const { html, redirect, json } = answersOf('aws')

export type XmlValue = string | number | boolean | XmlValue[] | { [name: string]: XmlValue | undefined }

/** A list repeats its element. */
export function xml(name: string, value: XmlValue): string {
  if (Array.isArray(value)) return value.map(one => xml(name, one)).join('')
  const inner = typeof value === 'object' ? Object.entries(value).map(([key, child]) => child === undefined ? '' : xml(key, child)).join('') : escape(String(value))
  return `<${name}>${inner}</${name}>`
}

function xmlAnswer(body: string, status = 200): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>${body}`, { status, headers: { 'x-sandbox': 'aws', 'cache-control': 'no-store', 'content-type': 'text/xml' } })
}

export type Protocol = 'query' | 'ec2' | 'json' | 'rest-json' | 'rest-xml'

/** What is said, in whatever protocol; `fault`: the service's code. */
export type Outcome = { xml: XmlValue } | { json: JsonValue } | Fault
export interface Fault { fault: string, status: number, message: string }
export const fault = (code: string, status: number, message: string): Fault => ({ fault: code, status, message })

export function answer(protocol: Protocol, action: string, outcome: Outcome): Response {
  const requestId = randomUUID()
  if ('fault' in outcome) return refusal(protocol, outcome, requestId)
  if ('json' in outcome) return json(outcome.json, 200, { 'x-amzn-requestid': requestId, ...(protocol === 'json' ? { 'content-type': 'application/x-amz-json-1.1' } : {}) })
  if (protocol === 'ec2') return xmlAnswer(xml(`${action}Response`, { requestId, ...Object(outcome.xml) }))
  if (protocol === 'rest-xml') return xmlAnswer(xml(action, outcome.xml))
  return xmlAnswer(xml(`${action}Response`, { [`${action}Result`]: outcome.xml, ResponseMetadata: { RequestId: requestId } }))
}

function refusal(protocol: Protocol, { fault: code, status, message }: Fault, RequestId: string): Response {
  if (protocol === 'json') return json({ __type: code, message }, status, { 'content-type': 'application/x-amz-json-1.1' })
  if (protocol === 'rest-json') return json({ message }, status, { 'x-amzn-errortype': code })
  if (protocol === 'ec2') return xmlAnswer(xml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: RequestId }), status)
  return xmlAnswer(xml('ErrorResponse', { Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message }, RequestId }), status)
}
