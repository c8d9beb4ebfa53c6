// The words of the call page's scripts, for the type checker alone: no browser loads this.
// What comes from the server is named as signaling/PROTOCOL.md names it.

export type Source = "mic" | "camera" | "exam";
export type DeviceState = "on" | "off" | "lost" | "none";
export type ExamKind = "camera" | "screen";
export type Connection = "connecting" | "good" | "weak" | "lost";
export type MediaState = "none" | "connecting" | "up" | "down";
export type Phase = "device" | "door" | "call" | "over";
export type Tone = "calm" | "warn" | "bad";

export interface Context {
  consultation: string;
  seat: string;
  name: string;
  kind: string;
  member: boolean;
  host: boolean;
  title: string;
  place: string;
  back_url: string;
  record_url: string | null;
  other_tz: string;
  other_place: string;
  my_tz: string;
  /** Whom to telephone when nothing passes, for members. */
  reach?: { name: string; number: string } | null;
  /** What this person's site allows a call: bit/s each way, bytes in all. */
  link_ceiling?: number | null;
  link_bytes?: number | null;
}

export interface SeatRow {
  seat: string;
  name: string;
  place: string;
  kind: string;
  stage: string;
  host: boolean;
  hand: boolean;
  mic: DeviceState;
  camera: DeviceState;
  exam: DeviceState;
  exam_kind: ExamKind;
  connection: Connection;
  lost_at: string | null;
  consent: boolean | null;
}

export interface AtDoor {
  seat: string;
  name: string;
  kind: string;
  again: boolean;
  consent: boolean | null;
  waiting_since: string;
}

/** Who refused the act or the data, told to members only. */
export interface Refusal {
  seat: string;
  name: string;
}

export interface Room {
  rev: number;
  status: string;
  locked: boolean;
  me: { seat: string; stage: string; host: boolean; member: boolean; consent: boolean | null };
  seats: SeatRow[];
  door: AtDoor[];
  refusals?: Refusal[];
  /** What matters in each picture where somebody said so, by `seat/source`. */
  matters?: Record<string, Matter>;
}

export interface Slot {
  slot: number;
  seat: string | null;
  kind: "person" | "exam";
}

export interface Message {
  number: number;
  seat: string;
  name: string;
  text: string;
  at: string;
}

/** A message on its way; `failed` is why the server refused it, `tried` that it was sent at least once. */
export interface Pending {
  client_id: string;
  text: string;
  failed: string | null;
  tried: boolean;
}

/** An offer, or its answer; `plan` is the first one, for packets which leave before any other comes. */
export interface Offer {
  session: string;
  sdp: string;
  plan?: Plan;
}

/** What this browser makes of its own way up; `up` and byte counts as the link carries them. */
export interface LinkReport {
  session: string;
  up: number | null;
  rtt: number | null;
  loss: number | null;
  limited: "none" | "cpu" | "bandwidth" | "other";
  sent: number;
  received: number;
}

/** One second of the call: `up`, `down` and `estimate` in bit/s, `rtt` in s, bytes since the call began. */
export interface LinkSample {
  at: number;
  up: number;
  down: number;
  loss: number | null;
  rtt: number | null;
  estimate: number | null;
  sent: number;
  received: number;
}

export interface Ack {
  ok: boolean;
  code?: string;
  stage?: string;
  number?: number;
  at?: string;
}

/** What passes, from the best to the least; one for each seat and direction. */
export type Rung = "motion" | "slow" | "sharp" | "stills" | "voice" | "text";
export type ReasonCode =
  | "fine"
  | "rate"
  | "loss"
  | "delay"
  | "choice"
  | "processor"
  | "ceiling"
  | "starting"
  | "climbing"
  | "receiver";

/** Why a rung is what it is; kbit/s. */
export interface Reason {
  code: ReasonCode;
  have: number | null;
  need: number | null;
}

/** One direction of one seat: `rate` and `spare` in bit/s, `queue` in ms, `loss` a fraction. */
export interface Way {
  rung: Rung;
  why: Reason;
  rate: number | null;
  spare: number | null;
  queue: number | null;
  loss: number;
}

/** `up` is what others can get from this seat, `down` what it can get. */
export interface SeatQuality {
  seat: string;
  up: Way;
  down: Way;
}

export interface Quality {
  seats: SeatQuality[];
}

/** What kind of reason: words change with it, not with each code. */
export type Cause = "fine" | "link" | "climbing" | "starting" | "choice" | "processor" | "ceiling" | "receiver";

export type QualityState = Record<string, { up: Way; down: Way }>;

/** What passes between two seats, and on whose side the limit is. */
export interface Passage {
  rung: Rung;
  side: "from" | "to";
  cause: Cause;
  why: Reason;
  figure: number | null;
}

/** What is said of a passage, since `settled` (ms). */
export interface Said extends Passage {
  settled: number;
}

/** What is said of another seat: what comes from it, what goes to it. */
export interface Pair {
  in: Said | null;
  out: Said | null;
}

/** A picture got better or worse at `at` (ms), and why. */
export interface Turn {
  way: "fall" | "climb";
  rung: Rung;
  cause: Cause;
  side: "from" | "to";
  at: number;
}

/** A rung of this seat's own link, from `at` (ms) on. */
export interface RungMark {
  way: "up" | "down";
  rung: Rung;
  code: ReasonCode;
  at: number;
}

/** One thing the indicator says. `own`: the limit is on this seat's side; `all`: true of all others. */
export interface VerdictLine {
  way: "in" | "out" | "both";
  own: boolean;
  who: SeatRow;
  rung: Rung;
  cause: Cause;
  figure: number | null;
  every: number | null;
  voice: boolean;
  picture: boolean;
  all: boolean;
}

export interface Verdict {
  level:
    | "lost"
    | "connecting"
    | "unknown"
    | "alone"
    | "gone"
    | "coming"
    | "measuring"
    | "good"
    | "stopped"
    | "unsteady"
    | "unsteady_mine"
    | "reduced"
    | "weak";
  lines: VerdictLine[];
  /** Whom it is about, when it is one person. */
  who: SeatRow | null;
}

/** How to encode one picture: `bitrate` in payload bit/s, `layers` temporal. */
export interface PicturePlan {
  bitrate: number;
  fps: number;
  height: number;
  layers: 1 | 2 | 3;
  codec: "vp8" | "av1";
}

/** What the worker wants of this browser's encoders. An older `n` is ignored. */
export interface Plan {
  n: number;
  rung: Rung;
  why: Reason;
  audio: { bitrate: number; ptime: 20 | 40 | 60 | 120; red: boolean };
  camera: PicturePlan | null;
  low: PicturePlan | null;
  exam: PicturePlan | null;
  ceiling: number;
  /** bit/s the browser's estimate is to start again from when it believes in less; 0 for none. */
  floor?: number;
  stills: { every: number; bytes: number } | null;
  spare: number;
}

export type Picture = "camera" | "exam";
/** What matters in a picture: who chooses it decides what is given up first. */
export type Matter = "speech" | "motion" | "detail";

export interface StillStage {
  bytes: number;
  type: "image/webp" | "image/jpeg";
  width: number;
  height: number;
}

/** A still of the consultation; `have` is how many of its stages are complete. */
export interface Still {
  id: string;
  seat: string;
  source: Picture;
  by: string | null;
  stages: StillStage[];
  have: number;
}

export interface Snapshot {
  mic: DeviceState;
  camera: DeviceState;
  exam: DeviceState;
  examKind: ExamKind;
  failures: Record<Source, string | null>;
  asking: boolean;
  microphones: MediaDeviceInfo[];
  cameras: MediaDeviceInfo[];
  micId: string | undefined;
  cameraId: string | undefined;
  examId: string | undefined;
  canShareScreen: boolean;
}

export interface State {
  context: Context;
  line: { up: boolean; ever: boolean; since: number | null };
  /** `doubt`: nothing comes for so long that it may be over. */
  media: { state: MediaState; since: number | null; doubt: boolean };
  room: Room | null;
  session: string | null;
  slots: Record<string, Slot[]>;
  speaker: string | null;
  messages: Message[];
  read: number;
  pending: Pending[];
  devices: Pick<Snapshot, Source | "examKind">;
  audioBlocked: boolean;
  consent: boolean | null;
  wanting: boolean;
  leaving: boolean;
  knock: string | null;
  shown: Phase;
  over: { why: string } | null;
  pinned: string | null;
  quality: QualityState;
  pairs: Record<string, Pair>;
  stopped: string[];
  turns: Record<string, Turn>;
  rungs: RungMark[];
  plan: (Plan & { session: string }) | null;
}

export type Event =
  | { type: "line_up"; at: number }
  | { type: "line_down"; at: number }
  | { type: "line_refused" }
  | { type: "room"; room: Room }
  | { type: "message"; message: Message }
  | { type: "outbox"; pending: Pending[] }
  | { type: "read"; number: number }
  | { type: "session"; session: string }
  | { type: "slots"; session: string; slots: Slot[] }
  | { type: "media"; media: MediaState; doubt?: boolean; at: number }
  | { type: "speaker"; seat: string | null }
  | { type: "devices"; devices: State["devices"] }
  | { type: "audio"; blocked: boolean }
  | { type: "consent"; given: boolean }
  | { type: "knock" }
  | { type: "knock_answer"; code: string }
  | { type: "leave" }
  | { type: "pin"; tile: string }
  | { type: "quality"; seats: SeatQuality[]; at: number }
  | { type: "stopped"; seats: string[] }
  | { type: "plan"; session: string; plan: Plan }
  | { type: "back" }
  | { type: "superseded" }
  | { type: "revoked" };

export type Steps = { [T in Event["type"]]: (state: State, event: Extract<Event, { type: T }>) => State };

/** A picture to show: a person, or the second picture of a person. */
export interface TileRow extends SeatRow {
  id: string;
  sort: "person" | "exam";
  speaking?: boolean;
  pinned?: boolean;
  audio?: string | null;
  video: string | null;
  passage: Passage | null;
  turn: Turn | null;
  matter: Matter;
  choosing: boolean;
  asking: boolean;
}

/** Received tracks by `mid`. */
export type Tracks = Map<string, MediaStreamTrack>;

/** What is in the place of a picture; `stills`, `voice` and `text` are words without any picture. */
export type Shown = "off" | "live" | "coming" | "stopped" | "still" | "stills" | "voice" | "text";

/** What a view may ask of the page. */
export interface Actions {
  toggle(source: Source): unknown;
  use(source: Source, deviceId: string): unknown;
  flip(): unknown;
  shareScreen(): unknown;
  exam(): unknown;
  startDevices(): unknown;
  consent(given: boolean): unknown;
  knock(): unknown;
  back(): unknown;
  write(text: string): unknown;
  rewrite(id: string): unknown;
  unwrite(id: string): unknown;
  hand(): unknown;
  admit(seat: string): unknown;
  refuse(seat: string): unknown;
  remove(seat: string): unknown;
  lock(): unknown;
  leave(): unknown;
  quit(): unknown;
  pin(tile: string): unknown;
  still(seat: string, source: Picture): unknown;
  stopped(seats: string[]): unknown;
  matters(seat: string, source: Picture, what: Matter): Promise<boolean>;
  compose(): unknown;
  details(): unknown;
  audioBlocked(blocked: boolean): unknown;
  resumeSound(): unknown;
  shortcuts(): unknown;
}

/** The holder of the state, as the parts without views see it. */
export interface Page {
  readonly state: State;
  tell(event: Event): void;
  notify(tone: Tone, text: string): void;
  onWritten(message: Message): void;
}

/** A view of one item of a list. */
export interface RowView<Item> {
  root: HTMLElement;
  show(item: Item): void;
}

/** A view of the side panel. */
export interface PanelView {
  root: HTMLElement;
  show(state: State, snapshot: Snapshot): void;
  focus?(): void;
}

export type PanelName = "chat" | "people" | "settings" | "link";
