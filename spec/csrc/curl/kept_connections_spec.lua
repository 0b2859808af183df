--- The connections that the blocking driver keeps: when a server ends or spoils one, the others stay, and no child process inherits
-- one.

local calls = require "support.hostile_calls"
local fetcher = require "support.fetcher"
local hostile_server = require "support.hostile_server"
local shell = require "emulator.shell"

local REQUEST, AGAIN, HANG = { "request" }, { "again" }, { "hang" }
local ANSWER = { "send", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }
local UNASKED = { "send", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nWRONG" }

describe("a kept connection", function()
  local kept, other, before

  lazy_setup(function()
    before = calls.leftovers()
    kept = hostile_server.start { certificates = true }
    other = hostile_server.start { certificates = true }
  end)
  lazy_teardown(function()
    kept:stop()
    other:stop()
  end)

  --- Two servers and one handle: the other server's connection idles in this way between its two requests.
  local function outlive(ending, tls, await)
    local bundle = kept.directory .. "/both.pem"
    shell.run(("cat %s %s >%s"):format(shell.quote(kept.ca_bundle), shell.quote(other.ca_bundle), shell.quote(bundle)))
    local first, fresh = { REQUEST, ANSWER, { "pause" } }, { REQUEST, ANSWER, HANG }
    for _, step in ipairs(ending) do first[#first + 1] = step end
    if tls then
      table.insert(first, 1, { "tls" })
      table.insert(fresh, 1, { "tls" })
    end
    kept:play { { "tls" }, REQUEST, ANSWER, { "again", 2 } }
    other:play_each { first, fresh }
    local client, http = fetcher.client { ca_bundle = bundle }
    local function ask(url)
      local response, err = http { method = "GET", url = url }
      assert.equal("{}", response and response.body, tostring(err))
    end
    local other_url = tls and other.tls_url or other.url
    ask(kept.tls_url)
    ask(other_url)
    other:release() -- its answer has been read
    other:await(await or "mark", 1)
    ask(kept.tls_url)
    ask(other_url)
    ask(kept.tls_url)
    client:close()
    assert.same({ 1, 2 }, { kept:connections(), other:connections() })
  end

  it("stays when the server ends another one by close_notify", function() outlive({ { "notify" }, { "mark" }, HANG }, true) end)
  it("stays when the server ends another one by close_notify and a close", function() outlive({ { "goodbye" } }, true, "closed") end)
  it("stays when the server closes another one", function() outlive({ { "close" } }, false, "closed") end)
  it("stays when the server resets another one", function() outlive({ { "reset" } }, false, "closed") end)
  for _, tls in ipairs { false, true } do
    local over = tls and " over TLS" or ""
    it("stays when the server sends unexpected data on another one" .. over, function() outlive({ UNASKED, { "mark" }, HANG }, tls) end)
    it("stays when the server sends unexpected data without an end on another one" .. over, function()
      outlive({ { "mark" }, { "endless", "x" } }, tls)
    end)
  end

  it("is not inherited by a child process", function()
    kept:play { REQUEST, ANSWER, AGAIN }
    local client, http = fetcher.client()
    assert(http { method = "GET", url = kept.url })
    --- How many descriptors of connections to the server a process has.
    local function count(process)
      return ([[
        count=0
        for inode in $(awk -v port=:%04X '$3 ~ port "$" && $4 == "01" { print $10 }' /proc/net/tcp); do
          for descriptor in /proc/%s/fd/*; do
            [ "$(readlink "$descriptor")" != "socket:[$inode]" ] || count=$((count + 1))
          done
        done
        echo $count
        ]]):format(kept.port, process)
    end
    local parents, childs = shell.run(count "$PPID" .. count "$$"):match("^(%d+)\n(%d+)\n$")
    client:close()
    assert.same({ "1", "0" }, { parents, childs })
  end)

  it("leaves no descriptor open and no child", function()
    kept:stop()
    other:stop()
    assert.equal(before, calls.leftovers())
  end)
end)
