import type { Language } from "./language.ts";

/** Names of FHIR codes and of kinds of visits in 中文, by how records write them in English, in lower case. */
const zhNames: Readonly<Record<string, string>> = {
  active: "进行中",
  recurrence: "复发",
  relapse: "复发",
  inactive: "已停止",
  remission: "缓解",
  resolved: "已痊愈",
  confirmed: "已确诊",
  provisional: "初步诊断",
  differential: "鉴别诊断",
  refuted: "已排除",
  unconfirmed: "未确诊",
  "entered-in-error": "误录",
  draft: "草稿",
  "on-hold": "暂停",
  revoked: "已撤销",
  completed: "已完成",
  stopped: "已停用",
  cancelled: "已取消",
  "in-progress": "进行中",
  finished: "已结束",
  planned: "已计划",
  registered: "已登记",
  preliminary: "初步结果",
  final: "最终结果",
  amended: "已修订",
  corrected: "已更正",
  available: "可查看",
  accepted: "已接受",
  proposed: "已提出",
  "not-done": "未进行",
  low: "低",
  high: "高",
  "unable-to-assess": "无法评估",
  male: "男",
  female: "女",
  ambulatory: "门诊",
  "inpatient encounter": "住院",
  inpatient: "住院",
  emergency: "急诊",
  virtual: "线上",
  "home health": "居家医疗",
  "observation encounter": "留观",
  "short stay": "短期住院",
  "clinic visit": "门诊就诊",
  "hospital stay": "住院",
  "imaging appointment": "影像检查",
  "online consultation": "网上问诊",
};
const enNames: Readonly<Record<string, string>> = { 网上问诊: "Online consultation" };

/** A code's name in the page's language, where it is one of these; else as the record writes it. */
export function codeName(text: string, language: Language): string {
  const names = language === "zh" ? zhNames : enNames;
  const name = text.trim().toLowerCase();
  return Object.hasOwn(names, name) ? (names[name] ?? text) : text;
}
