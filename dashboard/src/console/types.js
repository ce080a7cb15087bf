/**
 * The documents of the console's API, as `services/tools/console` makes them.
 *
 * @typedef {'open' | 'close' | 'extend' | 'reset' | 'certify'} Action
 * @typedef {{name: string, stage: string, is_production: boolean, region: string, operator: string, dashboard_url: string | null}} Stack
 * @typedef {{key: string, label: string, votes: number, colour: {dark?: string, light?: string}}} Choice
 * @typedef {{poll: string, question: string, revision: number, round: number, phase: 'waiting' | 'open' | 'closed' | 'archived', is_sealed: boolean, opens_at: number | null, closes_at: number | null, certified_at: number | null, numbers: string[], votes: number, voters: number | null, newest_vote_at: number | null, choices: Choice[], can: Action[]}} Poll
 * @typedef {{id: string, action: Action, poll: string, status: 'running' | 'asking' | 'done' | 'refused', text: string, question: string, progress: string, started_at: number, ended_at: number | null}} Job
 * @typedef {{at: number, poll: string, what: string, round: number, by: string, detail: string}} LogRow
 * @typedef {{check: string, verdict: 'ok' | 'warning' | 'skipped' | 'failed', detail: string, remedy: string}} Check
 * @typedef {{checked_at: number | null, trouble: string, checks: Check[]}} Health
 * @typedef {{stack: Stack, read_only: boolean, now: number, read_at: number | null, trouble: string, polls: Poll[], log: LogRow[], health: Health, actions: Job[]}} State
 */
export {};
