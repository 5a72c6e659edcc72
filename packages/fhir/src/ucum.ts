/**
 * Units of UCUM 2.1, case sensitive: which atoms there are, which take a metric prefix, and the grammar that joins them
 * (https://ucum.org/ucum, sections 1 to 4). Only whether a code is one, never what it is worth.
 */
const PREFIXES = "Y Z E P T G M k h da d c m u n p f a z y Ki Mi Gi Ti".split(" ");

/** Atoms that take a prefix. */
const METRIC: ReadonlySet<string> = new Set(
  (
    "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc [c] [h] [k] [eps_0] " +
    "[mu_0] [e] [m_e] [m_p] [G] [g] gf [lbf_av] Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM cal_[15] " +
    "cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] g% mho osm eq U kat [iU] [IU] B B[SPL] B[V] B[mV] B[uV] B[10.nV] " +
    "B[W] B[kW] Np bit By Bd st [m/s2/Hz^(1/2)] [arb'U] [USP'U]"
  ).split(" "),
);
/** Atoms that take none. */
const PLAIN: ReadonlySet<string> = new Set(
  (
    "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU atm [ly] [in_i] " +
    "[ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i] [bf_i] [cr_i] [mil_i] " +
    "[cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us] [fth_us] [fur_us] [mi_us] [acr_us] " +
    "[srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br] [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] " +
    "[nmi_br] [kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] " +
    "[gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] [tsp_us] [cup_us] [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] " +
    "[bu_br] [qt_br] [pt_br] [gil_br] [foz_br] [fdr_br] [min_br] [gr] [lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] " +
    "[ston_av] [lton_av] [stone_av] [pwt_tr] [oz_tr] [lb_tr] [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] " +
    "[pnt_pr] [pca_pr] [pied] [pouce] [ligne] [didot] [cicero] [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60] " +
    "[Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den] [psi] circ sph [car_m] [car_Au] [smoot] bit_s [in_i'H2O] [in_i'Hg] [PRU] " +
    "[wood'U] [diop] [p'diop] %[slope] [mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] " +
    "[hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] " +
    "[dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU] " +
    "[AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU] [NTU] [FNU] Ao b att mbar [iU/mL] [kp_X] [m/s2/Hz^(1/2)] " +
    "[cal] [Cal] [tbl] [h]"
  ).split(" "),
);

/** Whether a code is a unit of UCUM: `mg/dL`, `10*9/L`, `mm[Hg]`, `{score}`. */
export function isUcum(code: string): boolean {
  if (code === "" || code.length > 128 || !/^[ -~]+$/.test(code)) return false;
  const reader = new Reader(code.startsWith("/") ? code.slice(1) : code);
  return reader.term() && reader.ended;
}

class Reader {
  readonly #code: string;
  #at = 0;

  constructor(code: string) {
    this.#code = code;
  }

  get ended(): boolean {
    return this.#at === this.#code.length;
  }

  /** Components joined by `.` and `/`. */
  term(): boolean {
    for (;;) {
      if (!this.#component()) return false;
      if (!this.#take(/[./]/y)) return true;
    }
  }

  #component(): boolean {
    if (this.#take(/\(/y)) return this.term() && this.#take(/\)/y) && this.#annotation();
    if (this.#take(/\{[^{}]*\}/y)) return true;
    if (this.#take(/10[*^](?:[+-]?\d+)?/y)) return this.#annotation();
    if (this.#take(/\d+/y)) return this.#annotation();
    const unit = this.#match(/(?:\[[^[\]]*\]|[A-Za-z%'_](?:\[[^[\]]*\])?|\*)+/y);
    if (unit === undefined || !isUnit(unit)) return false;
    this.#take(/[+-]?\d+/y);
    return this.#annotation();
  }

  #annotation(): boolean {
    this.#take(/\{[^{}]*\}/y);
    return true;
  }

  #take(pattern: RegExp): boolean {
    return this.#match(pattern) !== undefined;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#code) ?? [];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

/** An atom, or a metric atom behind a prefix. */
function isUnit(unit: string): boolean {
  if (METRIC.has(unit) || PLAIN.has(unit)) return true;
  return PREFIXES.some(
    (prefix) => unit.startsWith(prefix) && METRIC.has(unit.slice(prefix.length)),
  );
}
