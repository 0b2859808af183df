--- The goals of the benchmarks: ours at most so many times the yardstick, which is measured in the same run. docs/performance.md has the same
-- table (spec/project/performance_spec.lua compares them), with what was reached and why some are not.

return {
  sign = { "sign and build a request", "SHA-256 of the bytes that must be hashed", 3 },
  decode = { "body to tables", "cjson.decode of the body", 1.5 },
  transport = { "call over transport", "cjson.decode of the body + SHA-256 of 1 KiB", 2.5 },
  wire_wall = { "call over the wire, wall", "bare libcurl loop", 1.10 },
  wire_cpu = { "call over the wire, CPU", "bare libcurl loop", 1.15 },
  decoded_wall = { "call over the wire, wall", "bare libcurl + cjson.decode", 1.08 },
  decoded_cpu = { "call over the wire, CPU", "bare libcurl + cjson.decode", 1.12 },
  signed_wall = { "call over the wire, wall", "libcurl's own SigV4", 0.85 },
  batch = { "batch, 64 at a time, answered after 10 ms, wall", "bare curl_multi", 1.05 },
  batch_each = { "batch over transport, CPU for each", "single calls", 1.10 },
  start_wall = { "start to first result, wall", "bare C program", 1.3 },
  start_memory = { "start to first result, peak memory", "bare C program", 1.12 },
  first_wall = { "first result, system's authorities, wall", "bare C program", 0.5 },
  new_connection = { "new connection, system's authorities", "bare libcurl", 0.1 },
  worker = { "call in an nginx worker, wall", "bare cosocket request", 1 / 0.6 },
  lua_resty_http = { "call in an nginx worker, wall", "lua-resty-http", 1 / 1.3 },
  hit = { "cache hit in an nginx worker, wall", "ngx.say of the same JSON", 1.3 },
}
