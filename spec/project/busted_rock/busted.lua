-- Debian's busted as a rock, for `luarocks test`, which asks for one.
package.path = "./spec/?.lua;" .. package.path
dofile "spec/runner.lua"
