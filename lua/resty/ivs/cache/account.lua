--- Whose an access key is: what stays the same when keys are rotated.
-- @module resty.ivs.cache.account

local account = {}

--- The account of an access key id (the id holds it, in base 32, from its fifth character on); of an id of another form,
-- the id itself.
-- @string access_key_id
-- @treturn string
function account.of(access_key_id)
  local coded = access_key_id:match("^A[KS]IA([A-Z2-7]+)$")
  if not coded or #coded ~= 16 then return access_key_id end
  local number = 0
  for at = 1, 9 do -- 45 of the first 48 bits; the account is what stands in bits 2 to 41
    local digit = coded:byte(at)
    number = number * 32 + (digit >= 65 and digit - 65 or digit - 24)
  end
  return ("%.0f"):format(math.floor(number / 16) % 2 ^ 40)
end

return account
