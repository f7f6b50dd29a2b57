// Tells how an interactive OpenCode stands: a line for each event in hooks.jsonl beside this file, in the words of
// Claude Code's hooks. It changes nothing, and no fault of its own reaches the agent.

import { appendFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const FILE = join(dirname(fileURLToPath(import.meta.url)), "hooks.jsonl")
const LONGEST = 1000 // characters of one text

function tell(event, session, fields = {}) {
  try {
    const payload = { session_id: children.get(session) ?? session ?? "", ...fields }
    if (children.has(session)) payload.agent_id = session
    appendFileSync(FILE, JSON.stringify({ at: new Date().toISOString(), event, payload }) + "\n", { mode: 0o600 })
  } catch {}
}

// sessions of subagents, by whom they work for in the end
const children = new Map()
const prompts = new Set()

function short(value) {
  if (typeof value === "string") return value.slice(0, LONGEST)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => typeof each === "string")
      .map(([name, each]) => [name, short(each)]),
  )
}

function question(info) {
  const asked = Array.isArray(info.questions) ? info.questions : []
  return { tool_name: "AskUserQuestion", tool_input: { questions: asked.map((each) => ({ question: short(each.question ?? "") })) } }
}

const EVENTS = {
  "session.created": ({ info }) => {
    if (info.parentID) children.set(info.id, children.get(info.parentID) ?? info.parentID)
    else tell("SessionStart", info.id, { source: "startup" })
  },
  "message.updated": ({ info }) => {
    if (info.role !== "user" || prompts.has(info.id)) return
    prompts.add(info.id)
    tell("UserPromptSubmit", info.sessionID)
  },
  "permission.asked": (info) =>
    tell("PermissionRequest", info.sessionID, {
      tool_name: info.permission ?? "permission",
      tool_input: { command: short((info.patterns ?? []).join(", ")) },
    }),
  "permission.replied": (info) => tell("PostToolUse", info.sessionID),
  "question.asked": (info) => tell("PermissionRequest", info.sessionID, question(info)),
  "question.replied": (info) => tell("PostToolUse", info.sessionID),
  "question.rejected": (info) => tell("PostToolUse", info.sessionID),
  "session.idle": (info) => tell("Stop", info.sessionID),
  "session.error": ({ sessionID, error }) => {
    if (error && error.name !== "MessageAbortedError")
      tell("StopFailure", sessionID, { error: error.name ?? "error", message: short(error.data?.message ?? "") })
  },
}

export const Scopecraft = async () => ({
  event: async ({ event }) => {
    try {
      EVENTS[event.type]?.(event.properties)
    } catch {}
  },
  "tool.execute.before": async (call, { args }) => {
    tell("PreToolUse", call.sessionID, { tool_name: call.tool, tool_input: short(args ?? {}), tool_use_id: call.callID })
  },
  "tool.execute.after": async (call) => {
    tell("PostToolUse", call.sessionID, { tool_name: call.tool, tool_use_id: call.callID })
  },
})
