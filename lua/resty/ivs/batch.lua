--- Many recording configurations, fetched by a bounded number of light threads.
--
-- Workers (light threads) take ARN after ARN and put what they got into a queue, from which the caller's own light thread calls the
-- callbacks. So a callback may yield, raise an error, or end the request, as anywhere in the caller's code.
--
-- Each region has a pace of its own (csrc/core/pace.h): `max_tps` requests a second, evenly, and fewer while the service throttles. A
-- call that is still throttled after its attempts goes back to the end of the list, up to MAX_ROUNDS times. Requests that the cache
-- answers take no token.
--
-- Invariants: never more than `max_concurrency` light threads, nor calls that this batch has begun. When a callback raises an error,
-- or the request ends, no further call begins.
-- Not for: sharing a pace with other batches; `cache.max_tps` is for that (cache/pace.lua).
-- @module resty.ivs.batch

local call = require "resty.ivs.call"
local failure = require "ivs.failure"
local many = require "ivs.batch"
local private = require("ivs.core").private
local semaphore = require "ngx.semaphore"

local batch = { misuse = many.misuse }

local MAX_ROUNDS = 10 -- of a call that is throttled in spite of the pace
local YIELD_AFTER = 100 -- answers of one worker in a row; the cache answers without a wait, and others have to get their turn
local LONGEST_SLEEP = 3600 -- seconds; a semaphore needs some limit

-- A batch under way ------------------------------------------------------------------------------------------------------

local Batch = { __name = "resty.ivs.batch" }
Batch.__index = Batch

--- The pace of a region. For call.lua.
function Batch:pace(region)
  local pace = self.paces[region]
  if not pace then
    pace = private.new_pace(self.machine, self.max_tps)
    self.paces[region] = pace
  end
  return pace
end

--- Makes a call, unless `max_concurrency` of this batch are under way: a refresh in the background is a call, too. For client.lua.
-- @string arn
-- @func carry_out () → response; or nil, an error object, and whether the service throttled it
function Batch:limited(arn, carry_out)
  while not self.slots:wait(LONGEST_SLEEP) do end
  local ok, response, err, is_throttled = pcall(carry_out)
  self.slots:post(1)
  if not ok then error(response, 0) end
  self.is_throttled[arn] = is_throttled
  return response, err
end

-- Queues -----------------------------------------------------------------------------------------------------------------

--- Puts an ARN at the end of its region's queue. `self.queues` has the queues that are not empty, in no order.
-- @number number the ARN's index
local function add(self, number)
  local region = call.region_of(self.machine, self.arns[number])
  local queue = self.queue_of[region]
  if not queue then
    queue = { first = 1, last = 0, busy = 0 } -- busy: calls that workers have taken from it
    self.queue_of[region] = queue
  end
  if queue.first > queue.last then self.queues[#self.queues + 1] = queue end
  queue.last = queue.last + 1
  queue[queue.last] = number
end

--- The index of the queue with the fewest calls under way: so a region that waits for its pace leaves workers to the others. Only
-- a worker makes a queue busy, so that there is an idle one among more queues than there are workers.
local function idlest(self)
  local queues, best = self.queues, nil
  for _ = 1, math.min(#queues, self.concurrency + 1) do
    self.turn = self.turn % #queues + 1
    if not best or queues[self.turn].busy < queues[best].busy then best = self.turn end
    if queues[best].busy == 0 then break end
  end
  return best
end

--- Takes the next ARN to fetch.
-- @treturn number|nil its index; nil if there is none now
-- @treturn table|nil its queue
local function take(self)
  local at = idlest(self)
  if not at then return nil end
  local queues = self.queues
  local queue = queues[at]
  local number = queue[queue.first]
  queue[queue.first] = nil
  queue.first = queue.first + 1
  if queue.first > queue.last then
    queues[at] = queues[#queues]
    queues[#queues] = nil
  end
  queue.busy = queue.busy + 1
  return number, queue
end

-- Workers ----------------------------------------------------------------------------------------------------------------

--- Whether the call goes back to the end of the list.
local function is_deferred(self, number, response)
  local arn = self.arns[number]
  local is_throttled = self.is_throttled[arn]
  self.is_throttled[arn] = nil
  if response or not is_throttled then return false end
  local round = (self.rounds[number] or 0) + 1
  self.rounds[number] = round
  return round <= MAX_ROUNDS
end

local function work(self)
  local count = 0
  local number, queue = take(self)
  while number and not self.is_over do
    local response, err = self.get(self.arns[number], self)
    queue.busy = queue.busy - 1
    if is_deferred(self, number, response) then
      add(self, number)
    else
      self.added = self.added + 1
      self.answers[self.added] = { number = number, response = response, err = err }
      self.news:post(1)
    end
    count = count + 1
    if count % YIELD_AFTER == 0 then ngx.sleep(0.001) end -- 0 would not let the sockets have their turn
    number, queue = take(self)
  end
end

--- A worker whose call raises an error (a logger's or a provider's never does) must not leave the caller waiting.
local function work_protected(self)
  local ok, problem = pcall(work, self)
  if ok then return end
  self.problem = { problem }
  self.news:post(1)
end

--- Waits for the next answer. Returns nil if a worker has raised an error.
local function next_answer(self)
  while self.added == self.taken and not self.problem do self.news:wait(LONGEST_SLEEP) end
  if self.problem then error(self.problem[1], 0) end
  self.taken = self.taken + 1
  local answer = self.answers[self.taken]
  self.answers[self.taken] = nil
  return answer
end

--- The configuration, or nil and an error object: a success without a configuration would leave a hole in the list.
local function outcome_of(answer)
  if not answer.response then return nil, answer.err end
  local configuration = answer.response.recordingConfiguration
  if configuration then return configuration end
  return nil, failure.of_operation(many.no_configuration(), "GetRecordingConfiguration")
end

--- Whether the whole batch fails: nothing could be asked for want of credentials.
local function is_fatal(self, answer)
  return answer.err and answer.err.kind == "credentials" and self.answered == 0
end

--- Takes answers until all are there, and calls the callbacks.
-- @return true; or nil and the error object that ends the whole batch
local function collect(self, plan)
  local total = #self.arns
  for done = 1, total do
    local answer = next_answer(self)
    if is_fatal(self, answer) then return nil, answer.err end
    self.answered = self.answered + (answer.err and answer.err.kind == "credentials" and 0 or 1)
    local configuration, err = outcome_of(answer)
    self.configurations[answer.number], self.errors[answer.number] = configuration, err
    if plan.on_result then plan.on_result(self.arns[answer.number], configuration, err) end
    if plan.on_progress then plan.on_progress(done, total) end
  end
  return true
end

--- Ends the workers. Those that have ended by themselves are waited for, since nginx keeps them until then.
local function finish(self, threads)
  self.is_over = true
  for _, thread in ipairs(threads) do
    if not ngx.thread.kill(thread) then ngx.thread.wait(thread) end
  end
end

--- Fetches many recording configurations.
-- @tab machine the client of ivs.core
-- @func get (arn, batch) → response, or nil and an error object
-- @tab params that batch.misuse has found nothing wrong with
-- @treturn table|nil `{ recordingConfigurations = { … }, errors = { { arn, code, message, error }, … } }`, each in the order of `arns`
-- @treturn table|nil an error object: nothing could be asked
function batch.run(machine, get, params)
  local plan = many.plan(params)
  local arns = plan.arns
  local concurrency = math.min(plan.max_concurrency, #arns)
  local self = setmetatable({
    machine = machine, get = get, arns = arns, max_tps = plan.max_tps, paces = {}, concurrency = concurrency,
    slots = assert(semaphore.new(concurrency)), queue_of = {}, queues = {}, turn = 0, rounds = {}, is_throttled = {},
    answers = {}, added = 0, taken = 0, news = assert(semaphore.new(0)), configurations = {}, errors = {}, answered = 0,
    is_over = false,
  }, Batch)
  for number = 1, #arns do add(self, number) end
  local threads = {}
  for at = 1, concurrency do threads[at] = ngx.thread.spawn(work_protected, self) end
  local ok, done, err = pcall(collect, self, plan)
  finish(self, threads)
  if not ok then error(done, 0) end
  if not done then return nil, err end
  return many.result(arns, self.configurations, self.errors)
end

return batch
