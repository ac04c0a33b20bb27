import { describe, expect, it } from "vitest";
import { clipped } from "./words-of-items.ts";

describe("the words of an item", () => {
  it.each([
    "http://anna:SECRET@h:8000/live?t=TOK",
    "Live from http://h/x",
    "http://h/a b%20c.mp3",
    "http%3A%2F%2Fh%2Fx",
    "spotify:track:1",
    "file:/home/anna/x.mp3",
    "my live?t=TOK",
    "live.mp3&sig=TOK",
    "token=TOK",
    "192.0.2.7",
    "Radio 192.0.2.7:8000",
    "[2001:db8::1]:8000",
    "h:8000/live",
    "radio.example.com:8000",
    "anna:SECRET@h",
    "anna@example.com",
    "www.example.com/live",
    "example.com/SECRET",
    "/home/anna/x.mp3",
    "/mnt/My Music/x.mp3",
    "~/Music/x.mp3",
    "C:\\Users\\anna\\x.mp3",
    "\\\\nas\\music\\x.mp3",
  ])("are null where they are %s", (uri) => {
    const words = { title: uri, artist: uri, album: uri, container_name: uri };
    expect(clipped(words)).toEqual({ title: null, artist: null, album: null, container_name: null });
  });

  it.each([
    "Re:Definition",
    "AC/DC",
    "Who Are You?",
    "Live @ Wembley",
    "24/7",
    "Symphony No. 5: Allegro 3/4",
    "100%",
    "1+1=2",
    "4:44",
    "P.O.D.",
    "will.i.am",
    "R&B = Love",
    "S/T",
    "1.2.3",
    "Étude / Nocturne",
    "Track 01 12:30",
    "Kraftwerk: Tour de France 1:2",
    "/",
  ])("stay where they are %s", (title) => {
    expect(clipped({ title, artist: title, album: title })).toEqual({ title, artist: title, album: title });
  });

  it("are cut between characters", () => {
    expect(clipped({ title: `${"x".repeat(1_023)}🎵` }).title).toBe("x".repeat(1_023));
    expect(clipped({ container_type: `${"x".repeat(62)}🎵` }).container_type).toBe(`${"x".repeat(62)}🎵`);
  });
});
