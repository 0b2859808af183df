--- Generated cases: random numbers that are the same on every Lua, and calls with a simulated clock.
--
-- Invariants: a seed always generates the same case; the clock advances in ticks of 1/1024 s, which are exact in binary, so two
-- programs stay synchronized if the last bits of their waits differ.
-- Not for: cases written by hand (support.by_hand).

local by_hand = require "support.by_hand"

local made_up = {}

local TICKS = 1024 -- in a second

local Die = { __name = "ivs.spec.die" }
Die.__index = Die

--- A random number generator (Park and Miller's minimal standard generator).
function made_up.die(seed)
  return setmetatable({ state = seed * 7919 % 2147483646 + 1 }, Die)
end

--- A whole number from 1 to n.
function Die:roll(n)
  self.state = self.state * 16807 % 2147483647
  return math.floor(self.state / 2147483647 * n) + 1
end

--- A random element of a list.
function Die:pick(list)
  return list[self:roll(#list)]
end

--- True with a probability of 1/n.
function Die:once_in(n)
  return self:roll(n) == 1
end

--- The number of ticks of a sleep, rounded up. The last bits of the seconds never affect it: exact values (0, 1, 2 s) are far
-- from the values at which the number of ticks changes.
function made_up.ticks(seconds)
  return math.floor(seconds * TICKS + 1.37)
end

--- A client of ivs.core with a clock that only `clock.pass(ticks)` advances.
function made_up.client(options, die)
  local client, clock = by_hand.client(options, { random = die })
  local start, elapsed = clock.now, 0
  function clock.pass(ticks)
    elapsed = elapsed + ticks
    clock.now = start + elapsed / TICKS
  end
  return client, clock
end

--- Sleeps for the call's delay.
-- @return the call's next step and its detail
function made_up.sleep(call, clock, seconds)
  clock.pass(made_up.ticks(seconds))
  return call:next()
end

return made_up
