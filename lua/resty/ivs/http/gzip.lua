--- Decodes bodies that are compressed although the request did not ask for it, with the zlib that nginx is linked with. It accepts what
-- libcurl accepts: up to five codings over one another, and truncated data, whose beginning is taken.
-- @module resty.ivs.http.gzip

local ffi = require "ffi"

local gzip = { TOO_LARGE = "larger than allowed" }

local PIECE = 32 * 1024
local GZIP_OR_ZLIB = 32 + 15 -- inflateInit2's windowBits: the header tells which
local Z_OK, Z_STREAM_END, Z_BUF_ERROR = 0, 1, -5
local MAX_LAYERS = 5
local ZLIB = { gzip = true, ["x-gzip"] = true, deflate = true }

-- With our own names, since another module of the worker may have declared zlib's.
local declared = pcall(ffi.cdef, [[
  typedef struct ivs_z_stream {
    const char *next_in; unsigned avail_in; unsigned long total_in;
    char *next_out; unsigned avail_out; unsigned long total_out;
    const char *msg; void *state; void *zalloc; void *zfree; void *opaque;
    int data_type; unsigned long adler; unsigned long reserved;
  } ivs_z_stream;
  int ivs_inflate_init(ivs_z_stream *stream, int window_bits, const char *version, int size) __asm__("inflateInit2_");
  int ivs_inflate(ivs_z_stream *stream, int flush) __asm__("inflate");
  int ivs_inflate_end(ivs_z_stream *stream) __asm__("inflateEnd");
]])

local library

local function find_library()
  if library or not declared then return library end
  local candidates = { function() return ffi.C end, function() return ffi.load "libz.so.1" end }
  for _, candidate in ipairs(candidates) do
    local ok, found = pcall(candidate)
    if ok and pcall(function() return found.ivs_inflate_init end) then
      library = found
      return library
    end
  end
end

local function inflate(zlib, stream, max_bytes)
  local pieces, total = {}, 0
  local out = ffi.new("char[?]", PIECE)
  while true do
    stream.next_out, stream.avail_out = out, PIECE
    local status = zlib.ivs_inflate(stream, 0)
    local count = PIECE - stream.avail_out
    total = total + count
    if total > max_bytes then return nil, gzip.TOO_LARGE end
    pieces[#pieces + 1] = ffi.string(out, count)
    if status == Z_STREAM_END and stream.avail_in > 0 then return nil, "something follows the compressed data" end
    if status == Z_STREAM_END or count == 0 and (status == Z_OK or status == Z_BUF_ERROR) then return table.concat(pieces) end
    if status ~= Z_OK and status ~= Z_BUF_ERROR then return nil, "the compressed data is broken" end
  end
end

local function decode_layer(zlib, body, max_bytes)
  local stream = ffi.new "ivs_z_stream"
  stream.next_in, stream.avail_in = body, #body
  if zlib.ivs_inflate_init(stream, GZIP_OR_ZLIB, "1.2.0", ffi.sizeof(stream)) ~= Z_OK then
    return nil, "zlib refused to start"
  end
  local decoded, problem = inflate(zlib, stream, max_bytes)
  zlib.ivs_inflate_end(stream)
  return decoded, problem
end

--- @string list the Content-Encoding
-- @string body
-- @number max_bytes of the result
-- @return the decoded body; or nil and why not (gzip.TOO_LARGE if it is that)
function gzip.decode(list, body, max_bytes)
  local layers = 0
  for coding in list:lower():gmatch "[^,%s]+" do
    if ZLIB[coding] then layers = layers + 1
    elseif coding ~= "identity" then return nil, "its Content-Encoding is one that was not asked for" end
  end
  if layers > MAX_LAYERS then return nil, "it is compressed more than five times" end
  local zlib = find_library()
  if not zlib then return nil, "it came as gzip, which was not asked for, and this nginx has no zlib to decode it with" end
  local problem
  for _ = 1, layers do
    body, problem = decode_layer(zlib, body, max_bytes)
    if not body then return nil, problem end
  end
  return body
end

return gzip
