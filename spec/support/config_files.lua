--- Texts of shared AWS files, for a comparison with botocore: valid and invalid ones, and generated ones.

local config_files = {}

-- Config files; a pair is a config and a credentials file.
local BY_HAND = {
  "", "\n\n", "# only a comment", "; only a comment\n", "   # indented comment\n",
  "[default]", "[default]\n", "[default]\nregion = us-west-2\n", "[default]\nregion=us-west-2",
  "[default]\nregion:us-west-2\n", "[default]\nregion : us=west\n", "[default]\nregion = a:b=c\n",
  "[default]\nREGION = us-west-2\nOutput = JSON\n", "[default]\nregion =\n", "[default]\nregion = \n\noutput=\n",
  "[default]\nregion\n", "[default]\nregion us-west-2\n", "[default]\n= value\n", "[default]\n = value\n",
  "[default]\n:\n",
  "region = x\n[default]\n", "junk\n", "[default\nregion = x\n", "[default]region = x\n", "[]\n", "[ ]\na=b\n",
  "[]]\na=b\n",
  "[default] # mine\nregion = x\n", "[default] ; a ] b\nregion = x\n", "  [default]\n  region = x\n",
  "  [default]\nregion = x\n", "[default]\n  region = x\n  output = y\n", "[default]\n  region = x\n    output = y\n",
  "[default]\n  region = x\noutput = y\n", "[default]\nregion = x\n  [profile a]\n",
  "[default]\n\t[profile a]\nb = c\n",
  "[default]\nregion = x # not a comment\n", "[default]\nregion = x ; not a comment\n", "[default]\nregion = #x\n",
  "[default]\nregion = x\n# comment\noutput = y\n", "[default]\nregion = x\n  # comment\n  y\n",
  "[default]\nregion = x\n\n  y\n", "[default]\nregion = x\n\n\n  y\n\n\n  z\n\n\n",
  "[default]\nregion =\n\n  \n\noutput = y\n",
  "[default]\nregion = x\n  y = z\n", "[default]\nkey = \"quoted\"\n", "[default]\nkey = %(x)s ${x} $x\n",
  "[default]\nivs =\n  endpoint_url = http://x\n", "[default]\nivs=\n endpoint_url=http://x\n other = 1\nregion = a\n",
  "[default]\nivs =\n\n  # c\n  a = b\n\n  ; d\n  c = d\n\n", "[default]\nivs =\n  A = b\n  a = c\n  a = d\n",
  "[default]\nivs =\n  a = b\n    c = d\n", "[default]\nivs =\n  a\n", "[default]\nivs =\n  a = b\n  junk\n",
  "[default]\nivs =\n  a: b\n", "[default]\nivs =\n  = b\n", "[default]\nivs =\n  a =\n",
  "[default]\nivs =\n  a = b = c\n",
  "[default]\nivs =\n  [section]\n", "[default]\nivs =\n  [a] = b\n", "[default]\nivs =\n  a = b\n\tc = d\n",
  "[default]\nivs =\n  a = b\11c = d\n", "[default]\nivs =\n  a = b\12c\n",
  "[default]\nivs =\n  a = b\28c = d\29e=f\30g=h\n",
  "[default]\nivs =\n  a = b\31c = d\n", "[default]\nivs =\n  a = b\194\133c = d\226\128\168e=f\226\128\169g=h\n",
  "[default]\nivs =\n  a = b\226\128\168c\n", "[default]\nkey = b\11c\28d\194\133e\226\128\168f\n",
  "[default]\nkey = \11b\28\n", "[default]\nkey = \194\160b\227\128\128 \n", "[default]\nkey\194\160=\194\160b\n",
  "[default]\n\194\160key = b\n", "[default]\nkey = b\n\194\160c\n", "[default]\nkey = b\n\194\160 # c\n  d\n",
  "[default]\n\227\128\128a = b\n\194\160\194\160c = d\n", "[default]\n\194\160a = b\n\227\128\128\227\128\128c = d\n",
  "[default]\n \225\154\128\226\128\128\226\128\138\226\128\175\226\129\159a = b\n", "[default]\na = b\226\128\139\n",
  "[default]\na = b\n\194\133\n  c\n", "[default]\nname = Jos\195\169 \240\159\142\165\n", "[default]\nn\195\169 = 1\n",
  "[default]\na = b\n\195\169\n", "[profile \195\169t\195\169]\na = b\n", "[default]\na = caf\233\n",
  "[default]\n# caf\233\n",
  "[default]\na = \237\160\128\n", "[default]\na = \192\128\n", "[default]\na = \244\144\128\128\n",
  "[default]\na = \226\130",
  "\239\187\191[default]\na = b\n", "\239\187\191# c\n[default]\n", "\239\187\191", "\239\187\191\n[default]\n",
  "\255\254[\1]\1", "\1\2\3", "[default]\na = \1\2\127\n", "[default]\r\na = b\r\nc = d\r\n", "[default]\ra = b\rc = d",
  "[default]\r\na = b\r\n  c\r\n\r\n  d\r\n", "[default]\n\ra = b\n\r\rc = d\r",
  "[default]\r\nivs =\r\n  a = b\r\n  c = d\r\n",
  "[default]\na = b\rc\n", "[default]\na = b\na = c\n", "[default]\na = b\nA = c\n",
  "[default]\na = b\n\n[default]\nc = d\n",
  "[default]\n[default]\n", "[default]\n[default] # c\n", "[default]\n[default ]\n", "[profile a]\n[profile a]\n",
  "[profile a]\nx = 1\n[profile  a]\nx = 2\n", "[profile a]\nx = 1\n[profile \"a\"]\ny = 2\n", "[x]\n[x]\n",
  "[default]\nx = 1\n[profile default]\ny = 2\n", "[profile default]\nx = 1\n[default]\ny = 2\n",
  "[profile default]\nx = 1\n",
  "[profile \"my profile\"]\na = b\n", "[profile 'my profile']\na = b\n", "[profile my profile]\na = b\n",
  "[profile my\\ profile]\na = b\n", "[profile \"a\\\"b\\\\c\\d\"]\na = b\n", "[profile 'a\\b']\na = b\n",
  "[profile a\"b\"'c'd]\na = b\n", "[profile \"]\na = b\n", "[profile 'a]\na = b\n", "[profile a\\]\na = b\n",
  "[profile \"\"]\na=b\n",
  "[profile]\na = b\n", "[profile ]\na = b\n", "[profile\ta]\na = b\n", "[profile a ]\na = b\n",
  "[ profile a]\na = b\n",
  "[ default ]\na = b\n", "[Profile a]\na = b\n", "[PROFILE a]\na = b\n", "[Default]\na = b\n", "[profiles a]\na = b\n",
  "[profilea]\na = b\n", "[profile-x a]\na = b\n", "[\"profile\" a]\na = b\n", "[profile a]b]\na = b\n",
  "[profile [a]]\na=b\n",
  "[profile\194\160a]\na = b\n", "[profile a#b]\na = b\n", "[profile #]\na = b\n", "[preview]\na = b\n",
  "[plugins]\na = b\n",
  "[sso-session corp]\nsso_region = us-east-1\n", "[sso-session \"my corp\"]\nsso_region = x\n",
  "[sso-session]\na = b\n",
  "[sso-sessions x]\na = b\n", "[sso-session a]\n[sso-session \"a\"]\nb = c\n", "[sso-session 'a]\nb = c\n",
  "[sso_session a]\nb=c\n",
  "[services s]\nivs =\n  endpoint_url = http://x\nsts =\n  endpoint_url = http://y\n", "[services]\na = b\n",
  "[services s]\nivs = \n", "[services 'a b']\nivs =\n  a = b\n", "[services s t]\na = b\n", "[services-x s]\na = b\n",
  "[DEFAULT]\na = b\n", "[DEFAULT]\na = b\n[default]\n", "[default]\na = c\n[DEFAULT]\na = b\nd = e\n[profile x]\n",
  "[DEFAULT]\na = b\n[DEFAULT]\nc = d\n[profile x]\ne = f\n", "[DEFAULT]\na = b\n[DEFAULT]\na = d\n",
  "[DEFAULT]\na =\n b\n",
  "[DEFAULT]\nivs =\n  a = b\n[default]\n[profile x]\nivs = c\n[services s]\n", "[DEFAULT]\nivs =\n  junk\n[default]\n",
  "[DEFAULT]\nivs =\n  junk\n[default]\nivs = x\n", "[DEFAULT]\nivs =\n  junk\n[default]\nivs = x\n[a]\n",
  "[DEFAULT]\na = b\n  c\n[default]\nd = e\n", "[profile DEFAULT]\na = b\n", "[default]\nrem = x\nrem y = z\n",
  "[default]\naws_access_key_id = AKIA\naws_secret_access_key = a/b+c=\naws_session_token = x==\n",
  { nil, "[default]\naws_access_key_id = AKIA\n" }, { "[default]\nregion = x\n", nil }, { nil, nil },
  { "[default]\na = 1\nb = 2\n", "[default]\nb = 3\nc = 4\n" }, { "[profile x]\na = 1\nb = 2\n", "[x]\nb = 3\n" },
  { "[x]\na = 1\n", "[x]\nb = 3\n" }, { "[profile x]\na = 1\n", "[profile x]\nb = 3\n" }, { "",
  "[profile x]\nb = 3\n" },
  { "", "[services s]\nb = 3\n[sso-session t]\nc = d\n" }, { "[services s]\na = b\n", "[s]\nc = d\n" },
  { "[default]\nivs =\n  a = b\n", "[default]\nivs =\n  c = d\n" }, { "[default]\nivs =\n  a = b\n",
  "[default]\nivs = d\n" },
  { "[profile my.x]\na = 1\n", "[my.x]\nb = 2\n" }, { "[profile \"my x\"]\na = 1\n", "[my x]\nb = 2\n" }, { "",
  "[\"my x\"]\nb = 2\n" },
  { "[default]\na = 1\n", "[default]\n[default]\n" }, { "junk", "[default]\na = b\n" }, { "", "junk" }, { "",
  "[ x ]\na = b\n" },
  { "[DEFAULT]\na = 1\n[default]\n", "[DEFAULT]\na = 2\nb = 3\n[default]\n[x]\n" }, { "",
  "\239\187\191[default]\na = b\n" },
  { "[default]\na = 1\n[profile default]\nb = 2\n", "[default]\nc = 3\n" }, { "", "[default]\na = b\n  junk\n" },
  { "", "[default]\na =\n  junk\n" }, { "", "[default]\r\na = b\r\n" }, { "", "[a]\nx = 1\n[A]\nx = 2\n" },
}

-- The parts of generated files.
local PIECES = {
  "[default]", "[profile a]", "[profile \"b c\"]", "[profile b]", "[a]", "[services s]", "[sso-session s]", "[DEFAULT]",
  "region", "key", "Key", "other", "ivs", "a", "=", "=", " = ", " = ", ":", " : ", "value", "x", "\\", "\"", "'", "#",
  ";", " ;",
  "\n", "\n", "\n", "\n", "\n\n", "\n  ", "\n  ", "\n\t", "\n    ", "\r\n", "\r\n  ", "\r", " ", "  ", "\n# c\n",
  "\n  ; c\n",
  "\nkey = value\n", "\nregion = x\n", "\noutput: y\n", " =\n  a = b\n", "\nsts =\n  endpoint_url = u\n  more=1\n",
  "\194\160", "\227\128\128", "\11", "\12", "\28", "\194\133", "\226\128\168", "\195\169", "[", "]",
}

--- Random numbers that are the same in every Lua: Lehmer's generator.
local function generator(seed)
  return function(limit)
    seed = (seed * 16807) % 2147483647
    return seed % limit + 1
  end
end

local function generate(random, beginning)
  local parts = { beginning }
  for _ = 1, random(24) do parts[#parts + 1] = PIECES[random(#PIECES)] end
  return table.concat(parts)
end

--- The texts of a config and a credentials file, or one of them, by hand and generated.
function config_files.pairs()
  local list = {}
  for _, case in ipairs(BY_HAND) do list[#list + 1] = type(case) == "table" and case or { case } end
  local random = generator(74)
  for index = 1, 400 do
    local config = generate(random, index % 10 > 0 and "[profile z]\n" or "")
    list[#list + 1] = { config, index % 4 == 0 and generate(random, "[default]\n") or nil }
  end
  return list
end

return config_files
