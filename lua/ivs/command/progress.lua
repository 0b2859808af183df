--- A progress bar on standard error: done and total, the pace, the time left. It appears after a second of work, on a terminal only.
-- @module ivs.command.progress

local progress = {}

local APPEARS_AFTER = 1 -- seconds
local REDRAWN_AFTER = 0.1
local BAR_MAX = 30

local function duration(seconds)
  if seconds < 90 then return ("%d s"):format(math.ceil(seconds)) end
  return ("%d min"):format(math.ceil(seconds / 60))
end

local function pace_of(done, total, seconds)
  local pace = done / seconds
  local words = ("  %.1f/s"):format(pace)
  if done > 0 and done < total then words = words .. "  " .. duration((total - done) / pace) .. " left" end
  return words
end

local function draw(columns, done, total, pace)
  local words = (" %d/%d"):format(done, total) .. pace
  local room = math.min(BAR_MAX, columns - 1 - #words - 2)
  if room < 5 then return words:sub(2, columns) end
  local filled = math.floor(room * done / total)
  return "[" .. ("#"):rep(filled) .. ("-"):rep(room - filled) .. "]" .. words
end

--- @tab options `columns` (nil: nothing is drawn), `now` (a function: seconds), `write` (a function)
-- @bool[opt] no_pace do not show the pace and the time left: for work whose end they do not predict
-- @return update(done, total); and finish(), which removes the bar
function progress.new(options, no_pace)
  local started, drawn_at = options.now(), nil
  local function update(done, total)
    local now = options.now()
    if not options.columns or total < 1 or now - started < APPEARS_AFTER then return end
    if drawn_at and now - drawn_at < REDRAWN_AFTER and done < total then return end
    drawn_at = now
    options.write("\r" .. draw(options.columns, done, total, no_pace and "" or pace_of(done, total, now - started)) .. "\27[K")
  end
  local function finish()
    if drawn_at then options.write("\r\27[K") end
    drawn_at = nil
  end
  return update, finish
end

return progress
