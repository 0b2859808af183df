--- Checks that what comments and documents cite is in the tree: citations.lua FILE...
--
--   docs/protocol.md, "Retries"                    in a comment: the file exists and has this heading
--   docs/protocol.md, "Retries" and "Clock skew"   the same for several headings; a comment may break the line anywhere
--   [text](nginx.md#env), "Heading"                in a .md file: the file exists and has a heading with this anchor, and this one
--
-- Prints `FILE: problem` for each that is wrong, and for citations of working papers, which are not part of a clone. Status 1 then.

-- Split here, or this file would be one of those it finds.
local WORKING_PAPERS = { "BEHAV" .. "IOUR", "DESIGN %d", "DESIGN s%a", "STYLE %d", "STYLE%.md", "DESIGN%.md", "[Ii]ssue [%d]", "[Ii]ssue #%d" }

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a"
  if file then file:close() end
  return text
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

--- The headings of a Markdown text, by their text and by the anchor that GitHub gives them.
local function headings(text)
  local names, anchors = {}, {}
  local is_code = false
  for line in text:gmatch "[^\n]+" do
    if line:find "^```" then is_code = not is_code end
    local name = not is_code and line:match "^#+ +(.-) *$"
    if name then
      names[name:gsub("`", "")] = true
      anchors[name:lower():gsub("[^%w%- _]", ""):gsub(" ", "-")] = true
    end
  end
  return names, anchors
end

local documents = {}
local function document(path)
  if documents[path] == nil then
    local text = read(path)
    documents[path] = text and { headings(text) } or false
  end
  return documents[path]
end

--- The text with each line's end and the next line's comment mark replaced by one space, so that a citation is never broken.
local function joined(text)
  return (text:gsub("[ \t]*\n[ \t]*[%-#*/]*[ \t]*", " "))
end

local status = 0
local function report(path, problem, ...)
  io.stderr:write(path, ": ", problem:format(...), "\n")
  status = 1
end

local SEPARATORS = { '^, ()"([^"]+)"()', '^ and ()"([^"]+)"()' }
local function next_heading(text, position)
  for _, separator in ipairs(SEPARATORS) do
    local _, name, after = text:match(separator, position)
    if name then return name, after end
  end
end

--- The headings that follow a document's name.
local function check_headings(path, cited, text, position)
  local name, after = next_heading(text, position)
  while name do
    if not document(cited)[1][name] then report(path, 'cites %s, "%s": there is no such heading', cited, name) end
    name, after = next_heading(text, after)
  end
end

local function check_citations(path, text)
  text = joined(text)
  for cited, position in text:gmatch "(docs/[%w_/%-]+%.md)()" do
    if not document(cited) then
      report(path, "cites %s, which does not exist", cited)
    else
      check_headings(path, cited, text, position)
    end
  end
end

local function check_links(path, text)
  local folder = path:match "^(.*/)" or ""
  text = joined(text)
  for target, position in text:gmatch "%]%(([^)%s]+)%)()" do
    if not target:find "^%a+:" then
      local file, anchor = target:match "^([^#]*)#?(.*)$"
      local linked = file == "" and path or folder .. file
      while linked:find "[^/]+/%.%./" do linked = linked:gsub("[^/]+/%.%./", "", 1) end
      if not exists(linked) then
        report(path, "links to %s, which does not exist", target)
      elseif anchor ~= "" and not document(linked)[2][anchor] then
        report(path, "links to %s: there is no such heading", target)
      elseif linked:find "%.md$" then
        check_headings(path, linked, text, position)
      end
    end
  end
end

for _, path in ipairs(arg) do
  local text = read(path) or ""
  for _, pattern in ipairs(WORKING_PAPERS) do
    local found = text:match(pattern)
    if found then report(path, "cites a working paper (%s); cite a heading of docs/ or the public source", found) end
  end
  check_citations(path, text)
  if path:find "%.md$" then check_links(path, text) end
end
os.exit(status)
