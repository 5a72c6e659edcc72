import type { HistoryTexts } from "./enHistory.ts";

/** 简体中文：病史总览。 */
export const zhHistory: HistoryTexts = {
  "history.title": "病史总览",
  "history.intro": "把您所有病历的内容汇总在一起：每件事只列一次，并注明来源。",
  "history.introDoctor":
    "把您可以阅读的该患者的全部病历汇总在一起：每件事只列一次，并注明来源。患者会看到您打开了这些病历。",
  "history.link": "汇总查看全部病史",
  "history.linkOf": "查看{name}的病史总览",
  "history.loading": "正在汇总病历",
  "history.empty": "病历中还没有内容",
  "history.more": "可能还有这些病历之外的情况。",
  "history.outOf": "来自{places}的{count, number}份病历。",
  "history.failed": "有{count, number}份病历无法打开，未包含在内。",
  "history.notRead": "有{count, number}份病历是信件、图像或其他文件，请在病历列表中单独查看。",
  "history.leftOut": "未列出：{wrong, number}项误录，{changed, number}项后来有更改。",
  "history.nothing": "这些病历中没有。",
  "history.visits": "就诊",
  "history.rest": "另有{count, number}项",
  "history.past": "已结束：{count, number}项",
  "history.earlier": "此前{count, number}项",
  "history.saidBy": "来源：",
  "history.differ": "各来源对{what}的说法不同：",
  "history.save": "保存病史概要",
  "history.saveNote":
    "其他医院的系统可以读取的文件（国际患者概要）。由机器汇总，保存在您的设备上后不受保护。",
};
