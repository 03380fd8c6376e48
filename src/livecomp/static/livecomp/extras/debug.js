/* livecomp, MIT */
var i,o=!1;function p(e){i=e}function s(e){o=e,r([],[])}function f(e,t){o&&console.debug("livecomp",e,t)}function r(e,t){if(!o)return;for(let n of[...e,...t])i.own(n).animate({outline:["3px solid red","0"]},700);let l=i.all("[id]").map(n=>i.own(n).id),d=l.filter((n,c)=>l.indexOf(n)<c);d[0]&&f("duplicate ids",d)}export{s as debug,p as install,f as logged,r as patched};
//# sourceMappingURL=debug.js.map
