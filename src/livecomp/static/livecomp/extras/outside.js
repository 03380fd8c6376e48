/* livecomp, MIT */
var t,n=[];function s(e){t=e;for(let i of["pointerdown","pointerup"])t.own(document).addEventListener(i,l,!0)}function l(e){e.type==="pointerdown"&&(n=[]),n.push(...e.composedPath())}function r(e){let i=[...e.composedPath(),...e.detail?n:[]].filter(o=>o instanceof Element);for(let o of t.all("[live-click-away]"))!i.some(c=>t.belongsTo(o,c))&&t.own(o).checkVisibility()&&t.react(o,"click-away",e)}export{r as clicked,s as install};
//# sourceMappingURL=outside.js.map
