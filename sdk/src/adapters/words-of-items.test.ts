import { describe, expect, it } from "vitest";
import { clipped, idOf, schemeOf } from "./words-of-items.ts";

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
    "smb:\\\\nas\\x",
    "C:/Users/anna/x.mp3",
    "~/x.mp3",
    "fe80::1ff:fe23:4567:890a",
    "fe80::1 anna",
    "00:1a:2b:3c:4d:5e",
    "live.mp3;jsessionid=TOK",
    "sid=TOK",
    "eyJhbGciOiJIUzI1NiJ9.e30.TOK",
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
    "Set 1:02:33",
    "C: The Contra Adventure",
    "std::vector",
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

describe("the id of a player or a group", () => {
  it.each(["RINCON_00DEAD00000701400", "RINCON_00DEAD00000601400:63", "a", "uuid:1-2.3"])(
    "is %s as it is",
    (id) => {
      expect(idOf(id)).toBe(id);
    },
  );

  it.each([
    "",
    "x".repeat(129),
    7,
    null,
    "http://anna:SECRET@192.0.2.7:8000/live?token=TOK",
    "x-sonos-vli:RINCON_1:2,spotify:TOK",
    "x-rincon:RINCON_1",
    "192.0.2.7",
    "h.example.com:8000",
    "anna@example.com",
    "Anna's room",
  ])("is none where it is %s", (value) => {
    expect(idOf(value)).toBeNull();
  });
});

describe("the scheme of a URI", () => {
  it.each([
    ["http://h/x", "http"],
    ["HTTPS://h/x", "https"],
    ["x-rincon:RINCON_1", "x-rincon"],
    ["x-rincon-mp3radio://h/x", "x-rincon-mp3radio"],
    ["aac:http://h/x", "aac"],
    ["spotify:track:1", "spotify"],
    ["alsa:hw:0", "alsa"],
    ["cdda:///dev/sr0", "cdda"],
    ["blob:http://h/x", "blob"],
  ])("of %s is %s", (uri, scheme) => {
    expect(schemeOf(uri)).toBe(scheme);
  });

  it.each(["anna:SECRET@h/live", "radio.example.com:8000/live", "localhost:8000", "a/b://c", ""])(
    "of %s is none: what stands before the colon is a name",
    (uri) => {
      expect(schemeOf(uri)).toBeNull();
    },
  );
});
