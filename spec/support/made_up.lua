--- Made-up cases: a die that falls alike on every Lua, and calls whose clock is the case's own.
--
-- Invariants: a seed gives the same case everywhere; a clock moves in ticks of 1/1024 s, which are exact in binary, so two
-- programs that compute the same wait but for its last bits stay in step.
-- Not for: cases written by a person (support.by_hand).

local by_hand = require "support.by_hand"

local made_up = {}

local TICKS = 1024 -- in a second

local Die = { __name = "ivs.spec.die" }
Die.__index = Die

--- A die (Park and Miller's minimal standard generator).
function made_up.die(seed)
  return setmetatable({ state = seed * 7919 % 2147483646 + 1 }, Die)
end

--- A whole number from 1 to n.
function Die:roll(n)
  self.state = self.state * 16807 % 2147483647
  return math.floor(self.state / 2147483647 * n) + 1
end

--- One of a list.
function Die:pick(list)
  return list[self:roll(#list)]
end

--- True once in n.
function Die:once_in(n)
  return self:roll(n) == 1
end

--- The whole ticks that a sleep of so many seconds takes: at least as long, and never decided by the last bits of the
-- seconds, since what is computed exactly (0, 1, 2 s) lies far from where the number of ticks changes.
function made_up.ticks(seconds)
  return math.floor(seconds * TICKS + 1.37)
end

--- A client of ivs.core with a clock that stands until `clock.pass(ticks)` moves it.
function made_up.client(options, die)
  local client, clock = by_hand.client(options, { random = die })
  local start, elapsed = clock.now, 0
  function clock.pass(ticks)
    elapsed = elapsed + ticks
    clock.now = start + elapsed / TICKS
  end
  return client, clock
end

--- Sleeps as the call asks.
-- @return the call's next step and its detail
function made_up.sleep(call, clock, seconds)
  clock.pass(made_up.ticks(seconds))
  return call:next()
end

return made_up
