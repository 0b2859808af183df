"""Terminal columns of texts: width.py INPUT OUTPUT.

INPUT is a JSON list of lists of texts; the text "every" stands for every assigned code point from U+00A0 on, each a text of its own. The
result has a list of `[text, columns]` for each: two for a wide or full-width character (Unicode Standard Annex 11), none for marks
without an advance of their own (categories Mn and Me) and format characters (Cf), else one.
"""
import json
import sys
import unicodedata


def width(text):
    return sum(0 if unicodedata.category(c) in ('Mn', 'Me', 'Cf') else 2 if unicodedata.east_asian_width(c) in 'WF' else 1
               for c in text)


def every():
    return [c for c in map(chr, range(0xA0, 0x110000)) if unicodedata.category(c) not in ('Cn', 'Cs', 'Co')]


def main(input_path, output_path):
    with open(input_path, encoding='utf-8') as source:
        cases = json.load(source)
    with open(output_path, 'w', encoding='utf-8') as target:
        json.dump([[[text, width(text)] for text in (every() if case == 'every' else case)] for case in cases], target)


if __name__ == '__main__':
    main(*sys.argv[1:])
