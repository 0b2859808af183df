--- Copies of a decoded answer, each its taker's own, at a third of what decoding the JSON again would cost.
--
-- Each worker remembers what the texts that it has met decode to. The text in the dict still decides: it is compared (which
-- costs nothing, Lua's strings are unique), and another text is decoded anew.
-- Not for: sharing tables. Nobody ever gets the one that is remembered.
-- @module resty.ivs.cache.copies

local entry = require "resty.ivs.cache.entry"

local copies = {}

local Copies = { __name = "resty.ivs.cache.copies" }
Copies.__index = Copies

local MAX_TEXTS = 1000 -- of some kilobytes each; then all are forgotten

local function clone_by_hand(original)
  local clone = {}
  for name, value in pairs(original) do clone[name] = value end
  return clone
end

local has_clone, clone = pcall(require, "table.clone") -- OpenResty's LuaJIT, Debian's, too
if not has_clone then clone = clone_by_hand end

--- Which of a table's members are tables, found once: { table, name, plan, name, plan, … }.
local function plan_of(original)
  local plan = { original }
  for name, value in pairs(original) do
    if type(value) == "table" then
      plan[#plan + 1] = name
      plan[#plan + 1] = plan_of(value)
    end
  end
  return plan
end

local function copy(plan)
  local made = clone(plan[1])
  for index = 2, #plan, 2 do made[plan[index]] = copy(plan[index + 1]) end
  return made
end

--- Makes a memory of texts.
function copies.new()
  return setmetatable({ count = 0, texts = {}, plans = {} }, Copies)
end

--- Decodes a sealed entry.
-- @string id
-- @string text
-- @return response; or nil and an error object; or nothing when the text is damaged
function Copies:decode(id, text)
  if self.texts[id] == text then return copy(self.plans[id]) end
  local response, err = entry.decode(text, entry.BODY)
  if not response then return nil, err end
  if not self.texts[id] then
    if self.count >= MAX_TEXTS then self.texts, self.plans, self.count = {}, {}, 0 end
    self.count = self.count + 1
  end
  self.texts[id], self.plans[id] = text, plan_of(response)
  return copy(self.plans[id])
end

return copies
