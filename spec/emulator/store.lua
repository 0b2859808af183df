-- The emulator's data: the accepted credentials and the recording configurations.
--
-- Plain data for the emulator (inside nginx) and for the specs, which use it as expected values. Together the configurations
-- have every member and every enumeration value of the operation, and for each optional member there is one without it. All
-- credentials are fictitious. Does no I/O.

local store = {}

store.account = "123456789012"
store.region = "us-west-2"

--- ARN of a recording configuration.
-- @tparam string id its resource id
-- @tparam[opt] string account twelve digits; the store's own by default
-- @tparam[opt] string region the store's own by default
function store.arn(id, account, region)
  return "arn:aws:ivs:" .. (region or store.region) .. ":" .. (account or store.account)
    .. ":recording-configuration/" .. id
end

-- The examples of AWS's documentation, so that they are not mistaken for real keys.
store.keys = {
  permanent = {
    access_key_id = "AKIAIOSFODNN7EXAMPLE",
    secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  },
  temporary = {
    access_key_id = "ASIAIOSFODNN7EXAMPLE",
    secret_access_key = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    session_token = "FwoGZXIvYXdzEXAMPLE//////////wEaDEmulatorOnly+Token/0123456789abcdef==",
  },
  expired = {
    access_key_id = "ASIAI44QH8DHBEXAMPLE",
    secret_access_key = "je7MtGbClwBF/2Zp9Utk/expiredKeyEXAMPLEKEY",
    session_token = "FwoGZXIvYXdzEXAMPLE//////////wEaDExpired+Token==",
    expired = true,
  },
}

--- A configuration with every member. Each call creates a new table.
-- @tparam string arn its ARN
function store.complete(arn)
  return {
    arn = arn,
    name = "live-sessions_archive",
    destinationConfiguration = { s3 = { bucketName = "ivs-recordings-123456789012-us-west-2" } },
    state = "ACTIVE",
    tags = { environment = "production", team = "video", ["cost:center"] = "4711", note = "" },
    recordingReconnectWindowSeconds = 300,
    renditionConfiguration = {
      renditionSelection = "CUSTOM",
      renditions = { "FULL_HD", "HD", "SD", "LOWEST_RESOLUTION" },
    },
    thumbnailConfiguration = {
      recordingMode = "INTERVAL",
      resolution = "FULL_HD",
      storage = { "SEQUENTIAL", "LATEST" },
      targetIntervalSeconds = 60,
    },
  }
end

local function fifty_tags()
  local tags = {}
  for index = 1, 48 do
    tags[("tag-%02d"):format(index)] = ("value %d + / = . _ : @ -"):format(index)
  end
  tags["équipe"] = "vidéo en direct"
  tags["部署"] = "配信チーム"
  return tags
end

--- The configurations by label. The label is for specs; requests use the `arn`.
store.configurations = {
  complete = store.complete(store.arn("AbCdEf123456")),
  minimal = {
    arn = store.arn("MiNiMaL00001"),
    destinationConfiguration = { s3 = { bucketName = "ivs" } },
    state = "ACTIVE",
  },
  creating = {
    arn = store.arn("CrEaTiNg0001"),
    name = "",
    destinationConfiguration = { s3 = { bucketName = "demo-recording-bucket" } },
    state = "CREATING",
    tags = {},
    recordingReconnectWindowSeconds = 0,
    renditionConfiguration = { renditionSelection = "ALL", renditions = {} },
    thumbnailConfiguration = { recordingMode = "DISABLED" },
  },
  create_failed = {
    arn = store.arn("FaIlEd000001"),
    name = "bucket-is-in-another-region",
    destinationConfiguration = { s3 = { bucketName = "demo-recording-bucket-eu" } },
    state = "CREATE_FAILED",
    tags = {},
    recordingReconnectWindowSeconds = 60,
    renditionConfiguration = { renditionSelection = "NONE", renditions = {} },
    thumbnailConfiguration = {
      recordingMode = "INTERVAL", resolution = "HD", storage = { "SEQUENTIAL" }, targetIntervalSeconds = 1,
    },
  },
  standard_definition = {
    arn = store.arn("StAnDaRd0001"),
    name = "sd-only",
    destinationConfiguration = { s3 = { bucketName = "demo-recording-bucket" } },
    state = "ACTIVE",
    tags = fifty_tags(),
    recordingReconnectWindowSeconds = 1,
    renditionConfiguration = { renditionSelection = "CUSTOM", renditions = { "SD" } },
    thumbnailConfiguration = {
      recordingMode = "INTERVAL", resolution = "SD", storage = { "LATEST" }, targetIntervalSeconds = 30,
    },
  },
  longest = {
    arn = store.arn("Longest-" .. ("x"):rep(61)),
    name = ("name-of_128-char"):rep(8),
    destinationConfiguration = { s3 = { bucketName = ("bucket-"):rep(8) .. "archive" } },
    state = "ACTIVE",
    tags = { [("k"):rep(128)] = ("v"):rep(256) },
    recordingReconnectWindowSeconds = 299,
    renditionConfiguration = { renditionSelection = "CUSTOM", renditions = { "LOWEST_RESOLUTION" } },
    thumbnailConfiguration = {
      recordingMode = "INTERVAL", resolution = "LOWEST_RESOLUTION", storage = {}, targetIntervalSeconds = 59,
    },
  },
}

-- For each optional member the complete configuration without it: without_name, without_thumbnail_storage, …
local OPTIONAL = {
  name = { "name" },
  tags = { "tags" },
  reconnect_window = { "recordingReconnectWindowSeconds" },
  rendition_configuration = { "renditionConfiguration" },
  rendition_selection = { "renditionConfiguration", "renditionSelection" },
  renditions = { "renditionConfiguration", "renditions" },
  thumbnail_configuration = { "thumbnailConfiguration" },
  thumbnail_recording_mode = { "thumbnailConfiguration", "recordingMode" },
  thumbnail_resolution = { "thumbnailConfiguration", "resolution" },
  thumbnail_storage = { "thumbnailConfiguration", "storage" },
  thumbnail_interval = { "thumbnailConfiguration", "targetIntervalSeconds" },
}

for member, path in pairs(OPTIONAL) do
  local label = "without_" .. member
  local configuration = store.complete(store.arn((label:gsub("_", "-"))))
  local parent = path[2] and configuration[path[1]] or configuration
  parent[path[#path]] = nil
  store.configurations[label] = configuration
end

--- The labels of `store.configurations`, sorted.
store.labels = {}
local by_arn = {}
for label, configuration in pairs(store.configurations) do
  store.labels[#store.labels + 1] = label
  by_arn[configuration.arn] = configuration
end
table.sort(store.labels)

--- The configuration with an ARN, or nil.
function store.find(arn)
  return by_arn[arn]
end

return store
