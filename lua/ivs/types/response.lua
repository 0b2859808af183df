---@meta _

-- Responses and errors. The members of the service's responses, their types and meanings are those of the service model, API version
-- 2020-07-14, and of the Amazon IVS API reference (GetRecordingConfiguration, RecordingConfiguration). A member that the service did not
-- send, or sent as null, is nil; a member that the model does not have is dropped.

---The response of get_recording_configuration.
---@class ivs.Response
---@field recordingConfiguration ivs.RecordingConfiguration the recording configuration
---@field ResponseMetadata ivs.ResponseMetadata about the HTTP response

---The response of list_recording_configurations.
---@class ivs.ListResponse
---@field recordingConfigurations ivs.Summary[] the items of this page
---@field nextToken? string asks for the next page; nil on the last one
---@field ResponseMetadata ivs.ResponseMetadata about the HTTP response

---A recording configuration: where and how the streams of its channels are recorded.
---@class ivs.RecordingConfiguration
---@field arn string its Amazon Resource Name
---@field destinationConfiguration ivs.DestinationConfiguration where recordings are stored
---@field name? string a name, not unique
---@field recordingReconnectWindowSeconds? integer seconds in which a stream that was interrupted goes on in the same recording, 0 to 300
---@field renditionConfiguration? ivs.RenditionConfiguration which renditions are recorded
---@field state ivs.State whether it can be used
---@field tags? table<string,string> the tags of the resource
---@field thumbnailConfiguration? ivs.ThumbnailConfiguration whether and how thumbnails are recorded

---A recording configuration in a list.
---@class ivs.Summary
---@field arn string its Amazon Resource Name
---@field destinationConfiguration ivs.DestinationConfiguration where recordings are stored
---@field name? string a name, not unique
---@field state ivs.State whether it can be used
---@field tags? table<string,string> the tags of the resource

---CREATING: wait; ACTIVE: ready for recording; CREATE_FAILED: it can only be deleted.
---@alias ivs.State "CREATING"|"CREATE_FAILED"|"ACTIVE"

---Where recordings are stored.
---@class ivs.DestinationConfiguration
---@field s3? ivs.S3DestinationConfiguration an Amazon S3 bucket

---An Amazon S3 bucket.
---@class ivs.S3DestinationConfiguration
---@field bucketName string its name

---Which renditions of a stream are recorded.
---@class ivs.RenditionConfiguration
---@field renditionSelection? "ALL"|"NONE"|"CUSTOM" all, none, or those in `renditions`
---@field renditions? ivs.Resolution[] the ones of CUSTOM

---Whether and how thumbnails are recorded.
---@class ivs.ThumbnailConfiguration
---@field recordingMode? "DISABLED"|"INTERVAL" none, or at intervals
---@field resolution? ivs.Resolution of the thumbnails
---@field storage? ("SEQUENTIAL"|"LATEST")[] as a series, as the latest one, or both
---@field targetIntervalSeconds? integer seconds between two thumbnails, 1 to 60

---A video resolution, as the service names it.
---@alias ivs.Resolution "SD"|"HD"|"FULL_HD"|"LOWEST_RESOLUTION"

---About the HTTP response, as in boto3.
---@class ivs.ResponseMetadata
---@field RequestId? string the request ID, for AWS Support
---@field HTTPStatusCode integer 200
---@field HTTPHeaders table<string,string> names in lower case
---@field RetryAttempts integer requests that were sent again
---@field Cache? "miss"|"hit"|"stale" only in nginx with a cache: where the answer came from
---@field Age? number only in nginx with a cache: seconds since the service answered

---What went wrong. `tostring(err)` is the text that boto3 shows.
---@class ivs.Error
---@field kind ivs.Kind what the failure is about
---@field code string the service's code, or botocore's name for a client-side failure; see `ivs.exceptions`
---@field message string for a person: what is wrong and what to do; never a secret
---@field operation_name string `GetRecordingConfiguration` or `ListRecordingConfigurations`
---@field status? integer HTTP status of the last response
---@field request_id? string request ID of the last response
---@field headers? table<string,string> of the last response, names in lower case
---@field attempts integer requests that were sent
---@field retryable boolean whether the same call may succeed later
---@field causes? ivs.Cause[] for credentials: why each source had none
---@field cause? ivs.Error of `WaiterError`: the failure that ended the wait
---@field response? ivs.Response of `WaiterError`: the last response

---What a failure is about. `internal`: out of memory, or libcrypto failed.
---@alias ivs.Kind "service"|"params"|"config"|"credentials"|"connection"|"timeout"|"tls"|"response"|"cancelled"|"internal"

---Why a source had no credentials.
---@class ivs.Cause
---@field provider string the source
---@field message string why

---Which credentials and settings a client uses, without a secret.
---@class ivs.Description
---@field provider string the source of the credentials
---@field access_key_id string its last characters, behind an ellipsis
---@field expiration? number seconds since 1970
---@field region? string the region
---@field endpoint_url? string the endpoint, if one is configured
---@field profile string the profile
---@field config_file string the path of the shared config file
---@field credentials_file string the path of the shared credentials file
---@field origins table<string,string> for each setting, where its value comes from: `option`, a variable's name, `default`, …
---@field unreadable_files? string[] shared files that exist and cannot be read
