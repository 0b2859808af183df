/* Requests and responses in capped buffers. */
#include "message.h"
#include "status.h"

#include <string.h>

/* Precedes each header of a response, which is stored as name NUL value NUL. */
typedef struct lengths {
  uint32_t name, value;
} lengths;

enum {
  URL_CAP = 8 * 1024,
  REQUEST_HEADERS_CAP = 256 * 1024,
  BODY_CAP = 1024 * 1024,
  /* the maximum with lengths and NULs: a header has at least one byte */
  RESPONSE_HEADERS_CAP = IVS_RESPONSE_HEADERS_MAX * (1 + sizeof(lengths) + 2)
};

void ivs_request_init(ivs_request *request) {
  request->method = "POST";
  ivs_buffer_init(&request->url, URL_CAP);
  ivs_buffer_init(&request->headers, REQUEST_HEADERS_CAP);
  ivs_buffer_init(&request->body, BODY_CAP);
}

void ivs_request_reset(ivs_request *request) {
  ivs_buffer_reset(&request->url);
  ivs_buffer_reset(&request->headers);
  ivs_buffer_reset(&request->body);
}

void ivs_request_free(ivs_request *request) {
  ivs_buffer_free(&request->url);
  ivs_buffer_free(&request->headers);
  ivs_buffer_free(&request->body);
}

int ivs_request_add_header(ivs_request *request, const char *name, ivs_slice value) {
  ivs_buffer_add_text(&request->headers, name);
  ivs_buffer_add(&request->headers, ": ", 2);
  ivs_buffer_add(&request->headers, value.data, value.length);
  return ivs_buffer_add_byte(&request->headers, '\0');
}

const char *ivs_request_next_header(const ivs_request *request, size_t *at) {
  if (*at >= request->headers.length) return NULL;
  const char *line = request->headers.data + *at;
  *at += strlen(line) + 1;
  return line;
}

void ivs_response_init(ivs_response *response, size_t max_body) {
  response->status = 0;
  response->header_bytes = 0;
  ivs_buffer_init(&response->headers, RESPONSE_HEADERS_CAP);
  ivs_buffer_init(&response->body, max_body);
}

void ivs_response_reset(ivs_response *response) {
  response->status = 0;
  ivs_buffer_reset(&response->headers);
  ivs_buffer_reset(&response->body);
}

void ivs_response_free(ivs_response *response) {
  ivs_buffer_free(&response->headers);
  ivs_buffer_free(&response->body);
}

/* RFC 9110, 5.6.2: the characters of a token, mapped to lower case; 0: not a token character. */
static const char token_characters[256] = {
    ['!'] = '!',      ['#'] = '#',      ['$'] = '$',      ['%'] = '%',      ['&'] = '&',
    ['\''] = '\'',    ['*'] = '*',      ['+'] = '+',      ['-'] = '-',      ['.'] = '.',
    ['^'] = '^',      ['_'] = '_',      ['`'] = '`',      ['|'] = '|',      ['~'] = '~',
    ['0'] = '0',      ['1'] = '1',      ['2'] = '2',      ['3'] = '3',      ['4'] = '4',
    ['5'] = '5',      ['6'] = '6',      ['7'] = '7',      ['8'] = '8',      ['9'] = '9',
#define LETTER(upper, lower) [(upper)] = (lower), [(lower)] = (lower)
    LETTER('A', 'a'), LETTER('B', 'b'), LETTER('C', 'c'), LETTER('D', 'd'), LETTER('E', 'e'),
    LETTER('F', 'f'), LETTER('G', 'g'), LETTER('H', 'h'), LETTER('I', 'i'), LETTER('J', 'j'),
    LETTER('K', 'k'), LETTER('L', 'l'), LETTER('M', 'm'), LETTER('N', 'n'), LETTER('O', 'o'),
    LETTER('P', 'p'), LETTER('Q', 'q'), LETTER('R', 'r'), LETTER('S', 's'), LETTER('T', 't'),
    LETTER('U', 'u'), LETTER('V', 'v'), LETTER('W', 'w'), LETTER('X', 'x'), LETTER('Y', 'y'),
    LETTER('Z', 'z'),
#undef LETTER
};

bool ivs_message_is_token(ivs_slice text) {
  for (size_t i = 0; i < text.length; i++)
    if (!token_characters[(unsigned char)text.data[i]]) return false;
  return text.length > 0;
}

bool ivs_message_is_clean_line(ivs_slice line) {
  return !line.length || !(memchr(line.data, '\r', line.length) || memchr(line.data, '\0', line.length));
}

bool ivs_message_read_length(ivs_slice text, uint64_t *out) {
  return ivs_text_number(text, out) && *out <= INT64_MAX;
}

int ivs_response_add_header(ivs_response *response, ivs_slice name, ivs_slice value) {
  ivs_buffer *out = &response->headers;
  value = ivs_text_trim(value);
  if (!ivs_message_is_token(name)) return IVS_EINVAL;
  if (value.length && (memchr(value.data, '\r', value.length) || memchr(value.data, '\n', value.length) ||
                       memchr(value.data, '\0', value.length)))
    return IVS_EINVAL;
  if (out->length == 0) response->header_bytes = 0; /* the buffer has been reset */
  const size_t left = IVS_RESPONSE_HEADERS_MAX - response->header_bytes;
  if (name.length > left || value.length > left - name.length) return IVS_ETOOBIG;
  const lengths both = {(uint32_t)name.length, (uint32_t)value.length};
  char *at = ivs_buffer_extend(out, sizeof both + name.length + value.length + 2);
  if (!at) return out->status;
  memcpy(at, &both, sizeof both);
  at += sizeof both;
  for (size_t i = 0; i < name.length; i++)
    *at++ = token_characters[(unsigned char)name.data[i]]; /* in lower case */
  *at++ = '\0';
  if (value.length) memcpy(at, value.data, value.length);
  at[value.length] = '\0';
  response->header_bytes += name.length + value.length;
  return IVS_OK;
}

bool ivs_response_next_header(const ivs_response *response, size_t *at, ivs_slice *name, ivs_slice *value) {
  lengths both;
  if (*at >= response->headers.length) return false;
  memcpy(&both, response->headers.data + *at, sizeof both);
  *name = (ivs_slice){response->headers.data + *at + sizeof both, both.name};
  *value = (ivs_slice){name->data + both.name + 1, both.value};
  *at += sizeof both + both.name + both.value + 2;
  return true;
}

ivs_slice ivs_response_header(const ivs_response *response, const char *name) {
  ivs_slice found, value;
  for (size_t at = 0; ivs_response_next_header(response, &at, &found, &value);)
    if (ivs_text_equal(found, name)) return value;
  return (ivs_slice){NULL, 0};
}
